# The tiers of scripts/test.sh: for each `tier_x`, which runs it, and `count_x`, which reads "<passed> <failed>" from its log.
# A tier that cannot run here ends with status 75 and its last line says why. Sourced, not run.

cannot_run() {
  say "$1"
  return 75
}

# Adds up cargo's "test result:" lines, one per test binary. Ignored tests are counted as failed: this project has none.
count_cargo() {
  awk '/^test result:/ {
         for (i = 1; i < NF; i++) {
           if ($(i + 1) ~ /^passed;/) passed += $i
           if ($(i + 1) ~ /^(failed|ignored);/) failed += $i
         }
       }
       END { print passed + 0, failed + 0 }' "$1"
}

# Node's test runner closes with "# pass N" and "# fail N" (tap) for each run of it.
count_node() {
  awk '$1 == "#" && $2 == "pass" { passed += $3 }
       $1 == "#" && ($2 == "fail" || $2 == "cancelled" || $2 == "skipped" || $2 == "todo") { failed += $3 }
       END { print passed + 0, failed + 0 }' "$1"
}

# Runs files with Node's test runner: people read the spec lines, the counts are read from the tap summary behind them.
node_tests() { node_tests_in "" "$@"; }

# The same, started by another command. $1: that command, in words.
node_tests_in() {
  local tap status by
  read -ra by <<<"$1"
  shift
  tap=$(mktemp)
  "${by[@]}" node --test --test-concurrency=1 --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$tap" "$@"
  status=$?
  grep -E '^# (tests|pass|fail|cancelled|skipped|todo) ' "$tap"
  rm -f "$tap"
  return $status
}

tier_rust() { CARGO_TARGET_DIR=$NATIVE_TARGET cargo test --workspace --no-fail-fast; }
count_rust() { count_cargo "$1"; }

tier_ui() {
  have chromedriver || { cannot_run "chromedriver is missing: scripts/setup.sh test"; return; }
  CHROMEDRIVER=$(command -v chromedriver) CARGO_TARGET_DIR=$WASM_TARGET \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner WASM_BINDGEN_TEST_TIMEOUT=120 \
    cargo test -p pitlane-console --target wasm32-unknown-unknown --test ui --no-fail-fast
}
count_ui() { count_cargo "$1"; }

tier_contract() {
  [ -x "$TOOLS/schemathesis/bin/st" ] || { cannot_run "schemathesis is missing: scripts/setup.sh test"; return; }
  node_tests tests/contract/*.test.mjs
}
count_contract() { count_node "$1"; }

tier_e2e() {
  have chromium || { cannot_run "chromium is missing: scripts/setup.sh test"; return; }
  node_tests tests/e2e/stories/*.test.mjs
}
count_e2e() { count_node "$1"; }

tier_crash() { node_tests tests/crash/*.test.mjs; }
count_crash() { count_node "$1"; }

tier_size() {
  have chromium || { cannot_run "chromium is missing: scripts/setup.sh test"; return; }
  node_tests tests/size/*.test.mjs
}
count_size() { count_node "$1"; }

# A swarm of its own per run, taken down whatever happens. The tests run on its bridge, where they reach every node and
# nothing else. The lab's tests measure too; their figures stand in the log as "MEASURED".
tier_lab_swarm() {
  local lab=tests/labs/swarm/lab.sh why
  why=$($lab can) || { cannot_run "$why"; return; }
  have chromium || { cannot_run "chromium is missing: scripts/setup.sh test"; return; }
  export CARGO_TARGET_DIR=$NATIVE_TARGET
  cargo test -q -p pitlane-engine-swarm --features lab --test lab --no-run || return
  PITLANE_LAB=$(mktemp -d "${TMPDIR:-/tmp}/pitlane-swarm.XXXXXX")
  export PITLANE_LAB
  (
    trap '$lab down' EXIT
    $lab up || exit 1
    local status=0
    $lab run cargo test -p pitlane-engine-swarm --features lab --test lab -- --nocapture --test-threads=1 || status=1
    node_tests_in "$lab run" tests/labs/swarm/*.test.mjs || status=1
    exit $status
  )
}
count_lab_swarm() { count_both "$1"; }

# A tier in which cargo's tests run, and then Node's.
count_both() {
  local cargo node
  cargo=$(count_cargo "$1")
  node=$(count_node "$1")
  echo "$((${cargo% *} + ${node% *})) $((${cargo#* } + ${node#* }))"
}

# A control plane of its own per run, and some more where a test kills its API server; each is a child of who needs it and
# goes with it. Built from Go modules the first time (docs/testing.md has the minutes) and kept in the cache. The lab's tests
# measure too; their figures stand in the log as "MEASURED".
tier_lab_kubernetes() {
  have go || { cannot_run "Go is missing, with which the Kubernetes control plane is built once: install Go 1.26 or newer (Debian's is older)"; return; }
  have openssl || { cannot_run "openssl is missing, which makes the lab's throw-away certificates: scripts/setup.sh test"; return; }
  have chromium || { cannot_run "chromium is missing: scripts/setup.sh test"; return; }
  tests/labs/kubernetes/build.sh >/dev/null || { cannot_run "the Kubernetes control plane could not be built; the lines above say why"; return; }
  export CARGO_TARGET_DIR=$NATIVE_TARGET
  local status=0
  cargo test -p pitlane-engine-kubernetes --features lab --test lab -- --nocapture --test-threads 2 || status=1
  node_tests tests/labs/kubernetes/*.test.mjs || status=1
  return $status
}
count_lab_kubernetes() { count_both "$1"; }
