# Sourced by every script and by nothing else: where tools, build results and data live.
# It knows paths only; it installs and builds nothing.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# One cache of tools per user, outside of the checkout: half an hour of compiling that every clone shares.
export PITLANE_CACHE=${PITLANE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitlane}
TOOLS=$PITLANE_CACHE/tools
# Where Go puts itself is not on everybody's path.
export PATH=$TOOLS/bin:$PATH:/usr/sbin:/sbin:/usr/local/go/bin

# Build results are the checkout's own. Two checkouts that share a folder are told apart by the age of their files only, and
# cargo then links the one's crates into the other. The browser's build has a folder of its own, because cargo holds one
# lock per folder: the two can run side by side.
NATIVE_TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
WASM_TARGET=$NATIVE_TARGET/console

# What the tests write: logs, traces, pictures.
OUT=$ROOT/tests/e2e/out

TRUNK_VERSION=0.21.14
# Goes with wasm_split_helpers in Cargo.toml.
WASM_SPLIT_VERSION=0.2.4
SCHEMATHESIS_VERSION=4.32.5

say() { printf '%s\n' "$*"; }
die() { printf 'pitlane: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The version of a package in Cargo.lock. $1: its name.
locked_version() {
  awk -v name="\"$1\"" '$1 == "name" && $3 == name { getline; gsub(/"/, "", $3); print $3; exit }' "$ROOT/Cargo.lock"
}

# The source of Rust's standard library with what it is built from, as scripts/setup.sh leaves them. They belong to one compiler.
std_source() { printf '%s/lib/rustlib/src/rust/library\n' "$(cd "$ROOT" && rustc --print sysroot)"; }
std_stamp() { printf '%s/std-%s\n' "$TOOLS" "$(cd "$ROOT" && rustc --version | tr -c 'a-z0-9.\n' '-')"; }
have_std_source() { [ -f "$(std_stamp)" ] && [ -f "$(std_source)/Cargo.lock" ]; }
