#!/usr/bin/env bash
# Builds the console into dist/, with a .br and a .gz beside every file that gets smaller, ready to be embedded in the binary.
# Does nothing when no input changed since the last time.
#
#   scripts/console.sh       what is embedded and shipped
#   scripts/console.sh dev   into dist.dev/, unoptimised and in one piece, in seconds: for PITLANE_CONSOLE_DIR=dist.dev with a debug build
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$ROOT"

if [ "${1:-}" = dev ]; then
  CARGO_TARGET_DIR=$WASM_TARGET exec trunk --quiet build --offline --dist dist.dev
fi

# Content, not modification times: a fresh checkout has new times and old content.
fingerprint() {
  {
    git ls-files -z --cached --others --exclude-standard -- \
      .cargo Cargo.lock Cargo.toml Trunk.toml index.html src style assets public crates/api \
      scripts/console.sh scripts/tools.mjs scripts/catalogues.mjs scripts/chunks.mjs scripts/split scripts/compress.mjs scripts/tools/package-lock.json |
      sort -z | xargs -0 sh -c 'for f; do [ -f "$f" ] && sha256sum "$f"; done' _
    rustc --version
    trunk --version
    printf '%s\n' "$WASM_SPLIT_VERSION"
    if have_std_source; then printf 'with its own std\n'; fi
  } | sha256sum | cut -d' ' -f1
}

stamp=dist/.pitlane-inputs
now=$(fingerprint)
if [ -f $stamp ] && [ -f dist/index.html ] && [ "$(cat $stamp)" = "$now" ]; then
  say "console: dist/ is up to date"
  exit 0
fi

say "console: building for the browser (about 3 minutes when cold)"
rm -f $stamp
# A build that is interrupted half way must not be embedded, so it happens beside dist/ and then takes its place.
rm -rf dist.new
# `cut` marks where (src/app/rest.rs), and the linker keeps what the splitter needs; the other flag is .cargo/config.toml's, which this
# variable stands before.
export PITLANE_CHUNKS=$WASM_TARGET/chunks PITLANE_WASM_BINDGEN=$TOOLS/bin/wasm-bindgen
flags="--cfg erase_components --cfg cut -Clink-args=--emit-relocs"
if have_std_source; then
  # The standard library is built with the program, for size and without the words of a panic (docs/adr/0012).
  flags+=" -Zlocation-detail=none"
  export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort CARGO_UNSTABLE_BUILD_STD_FEATURES=optimize_for_size
  export CARGO_UNSTABLE_PANIC_IMMEDIATE_ABORT=true CARGO_PROFILE_WASM_RELEASE_PANIC=immediate-abort
else
  say "console: the source of Rust's standard library is not installed, so the program gets 20 KB larger than it has to be"
fi
CARGO_TARGET_DIR=$WASM_TARGET CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags \
  PATH=$ROOT/scripts/split:$PATH trunk --quiet build --release --offline --dist dist.new
node scripts/chunks.mjs dist.new "$PITLANE_CHUNKS"
node scripts/compress.mjs dist.new
printf '%s' "$now" >dist.new/.pitlane-inputs
rm -rf dist
mv dist.new dist
