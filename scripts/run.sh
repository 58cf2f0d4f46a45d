#!/usr/bin/env bash
# Builds the binary and serves this machine beside a demo fleet. Ctrl-C ends all of it: it is one process.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$ROOT"
export CARGO_TARGET_DIR=$NATIVE_TARGET

# The dev profile: a third of the release build's time when cold, and a fleet of a dozen nodes does not notice.
say "server: building (about 3 minutes when cold)"
cargo build --quiet -p pitlane

data=${PITLANE_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/pitlane}
say "server: starting; its data is in $data"
exec env PITLANE_DATA_DIR="$data" "$NATIVE_TARGET/debug/pitlane" serve --with-agent --with-demo "$@"
