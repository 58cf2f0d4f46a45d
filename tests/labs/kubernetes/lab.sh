#!/usr/bin/env bash
# A real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-scheduler as build.sh built them, with
# throw-away certificates, free ports and data in a folder that goes when it ends. No kubelet and no controller manager:
# nodes are objects that the tests keep alive (see crates/engine-kubernetes/tests/lab and cluster.mjs).
#
#   tests/labs/kubernetes/lab.sh [folder]
#
# Stays in the foreground. Says "ready <folder>" when the API server and the scheduler answer, then takes commands on
# standard input, one per line, each answered by "done <command>":
#   stop apiserver | start apiserver | kill apiserver | stop scheduler | start scheduler | compact
# When standard input ends, be it that whoever started it has died, everything it started is taken down, by process id.
#
# In the folder: admin.kubeconfig (may do everything), kubectl (real, with that kubeconfig), etcd.url, *.log.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$("$here/build.sh")
command -v openssl >/dev/null || { echo "the Kubernetes lab needs openssl for its throw-away certificates" >&2; exit 3; }

# What is started here goes with this script, however it ends.
with_me=()
if setpriv --pdeathsig KILL true 2>/dev/null; then with_me=(setpriv --pdeathsig KILL); fi

folder=${1:-}
if [[ -n $folder ]]; then mkdir -p "$folder"; else folder=$(mktemp -d "${TMPDIR:-/tmp}/pitlane-kubernetes-XXXXXX"); fi
declare -A pids=()

take_down() {
    trap - EXIT
    for name in scheduler apiserver etcd; do end "$name" TERM; done
    rm -rf "$folder"
}
end() { # $1: name, $2: signal
    local pid=${pids[$1]:-}
    [[ -n $pid ]] || return 0
    kill -"$2" "$pid" 2>/dev/null || true
    for _ in $(seq 50); do
        kill -0 "$pid" 2>/dev/null || break
        read -rt 0.1 <> <(:) || true
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    unset "pids[$1]"
}
trap take_down EXIT
trap 'exit 143' TERM INT HUP

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
until_it() { # $1: what is waited for, $2: name of the process, the rest: the command that succeeds then
    local what=$1 name=$2
    shift 2
    for _ in $(seq 600); do
        "$@" >/dev/null 2>&1 && return
        if ! kill -0 "${pids[$name]}" 2>/dev/null; then break; fi
        read -rt 0.1 <> <(:) || true
    done
    echo "the Kubernetes lab: $what did not come; the end of its log:" >&2
    tail -n 15 "$folder/$name.log" >&2
    exit 1
}

cd "$folder"
quiet() { "$@" >/dev/null 2>>openssl.log; }
key() { quiet openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
certificate() { # $1: file, $2: subject, $3: extensions
    key "$1"
    quiet openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    quiet openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$1.crt" -extfile <(printf '%s\n' "$3")
}
key ca
quiet openssl req -x509 -new -key ca.key -subj /CN=pitlane-lab -days 2 -out ca.crt
certificate server /CN=kube-apiserver $'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc\nextendedKeyUsage=serverAuth'
certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
certificate scheduler /CN=system:kube-scheduler extendedKeyUsage=clientAuth
key accounts

etcd_port=$(free_port) peer_port=$(free_port) api_port=$(free_port)
echo "http://127.0.0.1:$etcd_port" >etcd.url
kubeconfig() { # $1: file
    cat >"$1.kubeconfig" <<END
apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: "https://127.0.0.1:$api_port", certificate-authority: "$folder/ca.crt"}}]
users: [{name: $1, user: {client-certificate: "$folder/$1.crt", client-key: "$folder/$1.key"}}]
contexts: [{name: lab, context: {cluster: lab, user: $1}}]
current-context: lab
END
}
kubeconfig admin
kubeconfig scheduler
printf '#!/bin/sh\nexec "%s/kubectl" --kubeconfig "%s/admin.kubeconfig" "$@"\n' "$bin" "$folder" >kubectl
chmod +x kubectl

start_etcd() {
    # Nothing here has to survive a power cut.
    "${with_me[@]}" "$bin/etcd" --name lab --data-dir "$folder/etcd" --listen-client-urls "$(<etcd.url)" --advertise-client-urls "$(<etcd.url)" \
        --listen-peer-urls "http://127.0.0.1:$peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" \
        --initial-cluster "lab=http://127.0.0.1:$peer_port" --unsafe-no-fsync --log-level error >>etcd.log 2>&1 &
    pids[etcd]=$!
}
start_apiserver() {
    # Without a controller manager nobody makes service accounts for new namespaces, nor takes a new node's first taint
    # away, so the two plugins that count on that are off. The rest is as in any cluster.
    "${with_me[@]}" "$bin/kube-apiserver" --etcd-servers "$(<etcd.url)" --bind-address 127.0.0.1 --secure-port "$api_port" --advertise-address 127.0.0.1 \
        --tls-cert-file server.crt --tls-private-key-file server.key --client-ca-file ca.crt --authorization-mode RBAC \
        --service-account-issuer https://kubernetes.default.svc --service-account-signing-key-file accounts.key \
        --service-account-key-file accounts.key --service-cluster-ip-range 10.96.0.0/16 --endpoint-reconciler-type none \
        --disable-admission-plugins ServiceAccount,TaintNodesByCondition >>apiserver.log 2>&1 &
    pids[apiserver]=$!
    until_it "the API server" apiserver ./kubectl get --raw /readyz
}
start_scheduler() {
    "${with_me[@]}" "$bin/kube-scheduler" --kubeconfig scheduler.kubeconfig --authentication-kubeconfig scheduler.kubeconfig \
        --authorization-kubeconfig scheduler.kubeconfig --leader-elect=false --secure-port 0 >>scheduler.log 2>&1 &
    pids[scheduler]=$!
}
# Everything older than now is forgotten, so that a watch that asks for what came after an earlier point is refused.
compact() {
    local revision
    revision=$(curl -sf "$(<etcd.url)/v3/kv/range" -d '{"key":"AA==","count_only":true}' | sed -n 's/.*"revision":"\([0-9]*\)".*/\1/p')
    curl -sf "$(<etcd.url)/v3/kv/compaction" -d "{\"revision\":\"$revision\",\"physical\":true}" >/dev/null
}

start_etcd
start_apiserver
start_scheduler
echo "ready $folder"
while read -r command; do
    case $command in
        "stop apiserver") end apiserver TERM ;;
        "kill apiserver") end apiserver KILL ;;
        "start apiserver") start_apiserver ;;
        "stop scheduler") end scheduler TERM ;;
        "start scheduler") start_scheduler ;;
        compact) compact ;;
        *) echo "unknown $command"; continue ;;
    esac
    echo "done $command"
done
