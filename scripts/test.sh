#!/usr/bin/env bash
# Runs the tiers of tests, all of them or those named, one after another. A failing tier never hides the next one.
# Prints the time and the count of each, and closes with a line of the sum: "N passed, N failed".
#
#   scripts/test.sh [tier…]      tiers: rust ui contract e2e crash size lab_swarm lab_kubernetes
#
# A tier that cannot run says so. Where CI is set that is a failure; elsewhere it is shouted and left out of the sum.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$ROOT"
mkdir -p "$OUT"
. scripts/tiers.sh

tiers=("$@")
[ ${#tiers[@]} -eq 0 ] && tiers=(rust ui contract e2e crash size lab_swarm lab_kubernetes)
for tier in "${tiers[@]}"; do
  declare -F "tier_$tier" >/dev/null || die "test: there is no tier '$tier'"
done

total_passed=0
total_failed=0
table=()
why=()

# $1: tier · $2: passed · $3: failed · $4: seconds · $5: a word about it
record() {
  total_passed=$((total_passed + $2))
  total_failed=$((total_failed + $3))
  table+=("$(printf '%-14s %6d %7d %6ds  %s' "$1" "$2" "$3" "$4" "$5")")
}

# Runs one tier and counts. An ending that is not accounted for by a failed test is a failure of the tier itself, and so is a
# tier in which nothing ran.
run_tier() {
  local tier=$1 log=$OUT/$1.log started=$SECONDS status counts passed failed word=
  say ""
  say "=== $tier"
  "tier_$tier" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  if [ "$status" -eq 75 ]; then
    say "!!! $tier DID NOT RUN: $(tail -n 1 "$log")"
    if [ -n "${CI:-}" ]; then record "$tier" 0 1 $((SECONDS - started)) "could not run"
    else record "$tier" 0 0 $((SECONDS - started)) "NOT RUN"; fi
    return
  fi
  counts=$("count_$tier" "$log")
  passed=${counts% *}
  failed=${counts#* }
  if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    failed=1
    word="ended with status $status"
  elif [ "$status" -eq 0 ] && [ "$passed" -eq 0 ]; then
    failed=$((failed + 1))
    word="nothing ran"
  fi
  record "$tier" "$passed" "$failed" $((SECONDS - started)) "$word"
  [ "$failed" -eq 0 ] || why+=("$(printf '%s:\n' "$tier"; reasons "$log")")
}

# What the failed tests of a log said, in a few lines each, to stand at the end where nobody has to look for it.
reasons() {
  awk '/failing tests:$/ { node = 40 }
       /^---- .* stdout ----$/ { cargo = 8 }
       /^ +at / { next }
       node > 0 && NF { print "  " substr($0, 1, 300); node-- }
       cargo > 0 && NF { print "  " substr($0, 1, 300); cargo-- }' "$1" | head -n 60
}

if ! scripts/setup.sh test; then
  say "!!! setup could not finish; tiers that need what is missing will fail"
  record setup 0 1 0 "see the first lines"
fi
started=$SECONDS
if ! { scripts/console.sh && cargo build --quiet -p pitlane; }; then
  record build 0 1 $((SECONDS - started)) "see the lines above"
fi
build_time=$((SECONDS - started))

for tier in "${tiers[@]}"; do run_tier "$tier"; done

say ""
say "tier           passed  failed    time"
printf '%-14s %6s %7s %6ds\n' build "" "" $build_time
printf '%s\n' "${table[@]}"
say "logs: $OUT"
say ""
[ ${#why[@]} -eq 0 ] || { say "what failed, and what it said:"; printf '%s\n' "${why[@]}"; say ""; }
say "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
