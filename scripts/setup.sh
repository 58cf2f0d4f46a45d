#!/usr/bin/env bash
# Installs what building and testing need, once; a second call finds it all there and takes under two seconds.
#
#   scripts/setup.sh run     what `make run` needs: the wasm target, Trunk, wasm-bindgen, wasm-opt
#   scripts/setup.sh test    that, and what `make test` needs: Chromium, Docker, Caddy, schemathesis
#
# It never touches a running system service: the tests start their own daemons, in folders of their own.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

scope=${1:-run}
case $scope in run | test) ;; *) die "setup: say 'run' or 'test', not '$scope'" ;; esac
installed=0

# One line before each piece of work: what, why, about how long.
announce() { installed=$((installed + 1)); say "setup: $1 ($2; about $3)"; }

need_basics() {
  local missing=()
  have rustup || have cargo || missing+=("Rust 1.95 through rustup (https://rustup.rs)")
  have node || missing+=("Node.js 20 or newer")
  have npm || missing+=("npm")
  if [ ${#missing[@]} -gt 0 ]; then
    say "setup: these are missing and are yours to install:" >&2
    printf '  - %s\n' "${missing[@]}" >&2
    exit 1
  fi
}

# $1: command that must exist afterwards · $2: Debian package · $3: why · $4: about how long
wanted_packages=()
wanted_reasons=()
want() {
  have "$1" && return
  wanted_packages+=("$2")
  wanted_reasons+=("$2 ($3)")
}

install_packages() {
  [ ${#wanted_packages[@]} -eq 0 ] && return
  if ! have apt-get || [ "$(id -u)" -ne 0 ]; then
    say "setup: these programs are missing. As root on Debian this script installs them; here, install them yourself:" >&2
    printf '  - %s\n' "${wanted_reasons[@]}" >&2
    have apt-get && say "  as root: apt-get install --no-install-recommends ${wanted_packages[*]}" >&2
    exit 1
  fi
  announce "Debian packages: ${wanted_packages[*]}" "the tests drive the real programs" "1 minute"
  printf '  - %s\n' "${wanted_reasons[@]}"
  # policy-rc.d keeps the packages from starting their services: the tests start their own, and a build must not
  # leave a Docker daemon behind on somebody's machine.
  local policy=/usr/sbin/policy-rc.d mine=0
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    mine=1
  fi
  local status=0
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -y -q --no-install-recommends "${wanted_packages[@]}"; } \
    >"$PITLANE_CACHE/apt.log" 2>&1 || status=$?
  [ $mine -eq 1 ] && rm -f $policy
  [ $status -eq 0 ] || die "apt-get failed; its last words: $(tail -n 3 "$PITLANE_CACHE/apt.log")"
}

# A tool built by cargo. $1: program · $2: the version wanted · $3: why · $4: how long · the rest: cargo's arguments
cargo_tool() {
  local program=$1 version=$2 why=$3 long=$4
  shift 4
  if [ -x "$TOOLS/bin/$program" ] && [ "$("$TOOLS/bin/$program" --version | awk '{print $2}')" = "$version" ]; then
    return
  fi
  announce "$program $version, built with cargo" "$why" "$long"
  # A debug build without debug information: a third of the time of a release build, and fast enough for us.
  # The scratch folder is its own, and goes afterwards: 1 GB that nobody needs again.
  local scratch=$PITLANE_CACHE/scratch-$program
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$scratch \
    cargo install --quiet --debug --force --root "$TOOLS" --version "$version" "$@" ||
    die "cargo could not install $program $version; the lines above say why"
  rm -rf "$scratch"
}

# It does not tell its version; cargo's own record does.
splitter() {
  grep -qs "^\"wasm_split_cli_support $WASM_SPLIT_VERSION " "$TOOLS/.crates.toml" && [ -x "$TOOLS/bin/wasm-split-cli" ] && return
  announce "wasm-split-cli $WASM_SPLIT_VERSION, built with cargo" "cuts off what a first visit does not need" "1 minute"
  local scratch=$PITLANE_CACHE/scratch-wasm-split
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$scratch \
    cargo install --quiet --debug --force --root "$TOOLS" --version "$WASM_SPLIT_VERSION" --locked --features build-binary wasm_split_cli_support ||
    die "cargo could not install wasm_split_cli_support $WASM_SPLIT_VERSION; the lines above say why"
  rm -rf "$scratch"
}

wasm_target() {
  local sysroot
  sysroot=$(cd "$ROOT" && rustc --print sysroot)
  [ -d "$sysroot/lib/rustlib/wasm32-unknown-unknown" ] && return
  have rustup || die "Rust's wasm32-unknown-unknown target is missing, and there is no rustup to add it: install the target as your Rust came (Debian: libstd-rust-dev-wasm32)"
  announce "Rust's wasm target" "the console runs in the browser" "5 seconds"
  (cd "$ROOT" && rustup --quiet target add wasm32-unknown-unknown)
}

# Its parts come from the registry as any crate does, and builds are offline, so they are fetched here.
std_for_size() {
  have_std_source && return
  have rustup || { say "setup: without rustup the console keeps Rust's own standard library, and gets 20 KB larger"; return; }
  announce "the source of Rust's standard library" "it is built for size with the console" "10 seconds"
  (cd "$ROOT" && rustup --quiet component add rust-src) || die "rustup could not add the component rust-src"
  (cd "$(std_source)" && RUSTC_BOOTSTRAP=1 cargo fetch --quiet --locked) || die "cargo could not fetch what Rust's standard library is built from"
  touch "$(std_stamp)"
}

# wasm-opt comes from npm, because Debian's binaryen (108) does not know the instructions that Rust emits today. Beside it
# stands the reader of translations, for scripts/catalogues.mjs.
npm_tools() {
  local home=$TOOLS/npm
  if [ -x "$TOOLS/bin/wasm-opt" ] && cmp -s "$ROOT/scripts/tools/package-lock.json" "$home/package-lock.json"; then
    return
  fi
  announce "wasm-opt, terser and gettext-parser (from npm)" "make the console's download a quarter smaller; read translations" "10 seconds"
  mkdir -p "$home" "$TOOLS/bin"
  cp "$ROOT/scripts/tools/package.json" "$home/"
  cp "$ROOT/scripts/tools/.npmrc" "$home/"
  cp "$ROOT/scripts/tools/package-lock.json" "$home/lock.new"
  (cd "$home" && cp lock.new package-lock.json && npm ci --silent --no-audit --no-fund) ||
    { rm -f "$home/package-lock.json"; die "npm could not install binaryen, terser and gettext-parser"; }
  rm -f "$home/lock.new"
  ln -sfn ../npm/node_modules/.bin/wasm-opt "$TOOLS/bin/wasm-opt"
}

story_modules() {
  local home=$ROOT/tests/e2e
  cmp -s "$home/package-lock.json" "$home/node_modules/.pitlane-lock" && return
  announce "playwright-core and axe-core (npm)" "the operator stories drive the system's Chromium" "5 seconds"
  (cd "$home" && npm ci --silent --no-audit --no-fund) || die "npm could not install the modules of tests/e2e"
  cp "$home/package-lock.json" "$home/node_modules/.pitlane-lock"
}

contract_tool() {
  local venv=$TOOLS/schemathesis
  [ -f "$venv/.version-$SCHEMATHESIS_VERSION" ] && return
  announce "schemathesis $SCHEMATHESIS_VERSION, in a Python environment of its own" "it holds the server to its OpenAPI document" "40 seconds"
  rm -rf "$venv"
  python3 -m venv "$venv" || die "python3 -m venv failed; on Debian: apt-get install python3-venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$ROOT/tests/contract/requirements.txt" ||
    die "pip could not install schemathesis"
  touch "$venv/.version-$SCHEMATHESIS_VERSION"
}

mkdir -p "$PITLANE_CACHE" "$TOOLS/bin"
need_basics
want cc gcc "SQLite and ring are compiled from C"
want make make "the verbs are in a Makefile"
if [ "$scope" = test ]; then
  want chromium chromium "the operator stories run in it"
  want chromedriver chromium-driver "the component tests run through it"
  want dockerd docker.io "the agent is tested against a real Docker engine"
  want caddy caddy "the agent is tested against a real Caddy"
  want iptables iptables "Docker needs it"
  want ip iproute2 "Docker's networks, and labs"
  want tini-static tini "process 1 of a node of the swarm lab"
  want openssl openssl "certificates of the labs"
  want curl curl "documents call the API with it; lets the etcd of the Kubernetes lab forget its history"
  want jq jq "documents read the API with it"
  want busybox busybox-static "the only program in the test containers' image"
  python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || want python3-venv-is-missing python3-venv "schemathesis lives in one"
fi
install_packages

wasm_target
cargo_tool trunk $TRUNK_VERSION "bundles the console" "4 minutes on two cores" \
  --locked --no-default-features --features rustls trunk
# Its version must equal the library's in Cargo.lock exactly, or it refuses the file. Without --locked, because its own lock
# file names a pre-release that is gone.
cargo_tool wasm-bindgen "$(locked_version wasm-bindgen)" "joins the wasm to JavaScript" "2 minutes on two cores" \
  wasm-bindgen-cli
splitter
std_for_size
npm_tools
if [ "$scope" = test ]; then
  story_modules
  contract_tool
  # Debian's Go is too old for what it has to build, so it is nobody's package.
  have go || say "setup: Go IS MISSING and is yours to install (1.26 or newer, https://go.dev/doc/install): without it the tier lab_kubernetes cannot run"
fi

if [ $installed -eq 0 ]; then
  say "setup: everything for 'make $scope' is already there"
else
  say "setup: done; tools are in $TOOLS"
fi
