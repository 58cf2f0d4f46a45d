#!/usr/bin/env bash
# Measures against the budgets with the release build; each measurement writes its own section of docs/performance.md. Takes about twenty minutes.
# PITLANE_BENCH_SOAK=600 soaks the server for so many seconds as well.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$ROOT"
export CARGO_TARGET_DIR=$NATIVE_TARGET

if ! cmp -s tests/bench/package-lock.json tests/bench/node_modules/.pitlane-lock; then
  say "bench: installing Lighthouse (npm, about 15 seconds, once)"
  (cd tests/bench && npm ci --silent --no-audit --no-fund) || die "npm could not install the modules of tests/bench"
  cp tests/bench/package-lock.json tests/bench/node_modules/.pitlane-lock
fi
say "bench: building the release (about 6 minutes when cold)"
cargo build --quiet --release -p pitlane || exit 1
export PITLANE_BIN=$NATIVE_TARGET/release/pitlane
failed=0
# What a first visit downloads is a test of its own tier.
node --test --test-reporter=spec tests/size/*.test.mjs || failed=1
node tests/bench/lighthouse.mjs || failed=1
node tests/bench/page.mjs || failed=1
# With `kill -9`, fifty times.
node tests/bench/server.mjs || failed=1
# 500 hostile connections beside an operator.
node tests/bench/hostile.mjs || failed=1
# A cluster of 5,000 nodes and 50,000 pods on a real API server; where that cannot be built it says so.
if tests/labs/kubernetes/build.sh >/dev/null; then node tests/labs/kubernetes/size.bench.mjs || failed=1
else say "!!! the size of Kubernetes WAS NOT MEASURED: the control plane could not be built; the lines above say why"; fi
exit $failed
