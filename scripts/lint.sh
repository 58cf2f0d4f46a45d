#!/usr/bin/env bash
# Formatting and clippy, for the native side and for the console as it is built for the browser. Warnings are errors.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$ROOT"
failed=0
cargo fmt --all --check || failed=1
CARGO_TARGET_DIR=$NATIVE_TARGET cargo clippy --quiet --workspace --all-targets --features pitlane-engine-kubernetes/lab -- -D warnings || failed=1
# What is built for the browser: the unit tests of the pure parts and the house rules run natively only.
CARGO_TARGET_DIR=$WASM_TARGET cargo clippy --quiet -p pitlane-console --target wasm32-unknown-unknown --lib --bins --test ui -- -D warnings || failed=1
exit $failed
