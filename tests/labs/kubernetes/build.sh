#!/usr/bin/env bash
# Builds a real Kubernetes control plane (kube-apiserver, kube-scheduler, kubectl, etcd) from its Go modules, once, into
# a cache outside of the checkout, and prints the folder with the four programs. Nothing is downloaded as a binary, and
# nothing of it is installed. Later calls return at once.
#
# Kubernetes publishes itself as one module whose parts (`k8s.io/api`, …) are `replace`d by folders of its repository.
# Those parts are published too, as v0.N.p for v1.N.p, so a small module of ours with the same replacements builds it.
set -euo pipefail

# The newest that the Go of this machine builds (its go.mod says which Go it wants), and the etcd it was made with.
version=${PITLANE_KUBERNETES_VERSION:-1.37.2}
cache=${PITLANE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pitlane}
home=$cache/kubernetes-$version
programs=(kube-apiserver kube-scheduler kubectl etcd)

complete() { for program in "${programs[@]}"; do [[ -x $home/bin/$program ]] || return 1; done; }

if complete; then echo "$home/bin"; exit 0; fi
command -v go >/dev/null || { echo "the Kubernetes lab needs Go to build the control plane, and there is none on PATH" >&2; exit 3; }

mkdir -p "$home"
exec 9>"$home/lock"
flock 9
if complete; then echo "$home/bin"; exit 0; fi

export GOTOOLCHAIN=local GOFLAGS="-p=${PITLANE_GO_JOBS:-2} -mod=mod -buildvcs=false" GOMAXPROCS="${PITLANE_GO_JOBS:-2}" CGO_ENABLED=0
started=$SECONDS
log=$home/build.log
step() { printf '%s %4ds %s\n' "$(date -u +%H:%M:%S)" $((SECONDS - started)) "$*" | tee -a "$log" >&2; }
trap 'status=$?; [[ $status == 0 ]] || echo "building the Kubernetes control plane failed; the whole output is in $log, its end:" >&2; [[ $status == 0 ]] || tail -n 30 "$log" >&2' EXIT

: >"$log"
step "building Kubernetes $version and its etcd from Go modules ($(go version | cut -d' ' -f3)); this takes a while, once"
module=$home/module
rm -rf "$module" && mkdir -p "$module" "$home/bin"
cd "$module"

go_mod=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
parts=$(sed -n 's#^[[:space:]]*\(k8s.io/[a-z0-9.-]*\) => ./staging/.*#\1#p' "$go_mod")
etcd=$(sed -n 's#^[[:space:]]*go.etcd.io/etcd/server/v3 \(v[0-9.]*\).*#\1#p' "$go_mod")
[[ -n $parts && -n $etcd ]] || { echo "k8s.io/kubernetes@v$version does not list its parts as expected" | tee -a "$log" >&2; exit 1; }
{
    echo "module pitlane.dev/lab"
    sed -n 's/^\(go [0-9.]*\)$/\1/p' "$go_mod"
    echo "godebug default=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/go\1/p' "$go_mod")"
    echo "require k8s.io/kubernetes v$version"
    echo "require go.etcd.io/etcd/server/v3 $etcd"
    for part in $parts; do echo "replace $part => $part v0.${version#1.}"; done
} >go.mod

# A program without these says that it is version "v0.0.0-master", and kubectl and kube-rs compare versions.
minor=${version#1.} && minor=${minor%%.*}
stamp=
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    stamp+=" -X $package.gitVersion=v$version -X $package.gitMajor=1 -X $package.gitMinor=$minor -X $package.gitTreeState=clean"
done

build() { # one at a time, so that an interrupted build goes on where it was: Go keeps what it compiled
    step "building $1"
    go build -trimpath -ldflags "-s -w $stamp" -o "$home/bin/.$1" "$2" >>"$log" 2>&1
    mv "$home/bin/.$1" "$home/bin/$1"
}
build etcd go.etcd.io/etcd/server/v3
build kubectl k8s.io/kubernetes/cmd/kubectl
build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
build kube-scheduler k8s.io/kubernetes/cmd/kube-scheduler
step "built: $(du -sh "$home/bin" | cut -f1)"
echo $((SECONDS - started)) >"$home/cold-seconds"
echo "$home/bin"
