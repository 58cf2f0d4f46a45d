#!/usr/bin/env bash
# A real Docker Swarm on one machine: N nodes, each in a network, pid, uts and mount namespace of its own, joined by a
# bridge that leads nowhere. Root, Linux. Debian packages: docker.io iptables iproute2 busybox-static tini openssl.
#
#   lab.sh up                 start the nodes and join them; prints the environment a test needs
#   lab.sh down               end every node and leave nothing behind
#   lab.sh crash N            as if node N lost power: kill -9 of all it runs
#   lab.sh stop N · start N   a clean shutdown of node N's engine · start it again
#   lab.sh cut N · heal N     pull node N's network cable · plug it in again
#   lab.sh rejoin N           let worker N, which was removed from the swarm, join it again
#   lab.sh restore            every node started, connected, joined and active, whatever a test left behind
#   lab.sh docker N …         the docker command, on node N
#   lab.sh in N cmd …         run a command in node N's network
#   lab.sh run cmd …          run a command on the bridge: it reaches every node, and 127.0.0.1 is the lab's own
#   lab.sh can                say why the lab cannot run here (and end with 1), or nothing
#
# PITLANE_LAB is the lab's folder, and decides the names of everything else, so that two labs never meet.
# NODES=3 and MANAGERS=1 are read by `up`.
set -euo pipefail

: "${PITLANE_LAB:=${TMPDIR:-/tmp}/pitlane-swarm-lab}"
NODES=${NODES:-3}
MANAGERS=${MANAGERS:-1}
# A name for namespaces and cgroups: the same folder always gives the same one.
id=$(printf '%s' "$PITLANE_LAB" | sha256sum | cut -c1-8)
hub=pitlane-$id-hub
ns() { printf 'pitlane-%s-n%s' "$id" "$1"; }
address() { printf '10.77.0.%s' "$1"; }
sock() { printf '%s/n%s/docker.sock' "$PITLANE_LAB" "$1"; }
# Debian's own client where it is there: another one earlier on the path may not speak the engine's version.
docker_bin=/usr/bin/docker
[ -x $docker_bin ] || docker_bin=docker
dk() { local i=$1; shift; "$docker_bin" -H "unix://$(sock "$i")" "$@"; }
die() { printf 'lab: %s\n' "$*" >&2; exit 1; }

# Waits until a command succeeds. $1: seconds.
until_true() {
  local deadline=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $deadline ] || return 1; sleep 0.1; done
}

why_not() {
  [ "$(uname -s)" = Linux ] || { echo "the swarm lab needs Linux"; return; }
  [ "$(id -u)" -eq 0 ] || { echo "the swarm lab needs root"; return; }
  local tool missing=()
  for tool in dockerd iptables ip nsenter unshare tini-static openssl; do command -v $tool >/dev/null || missing+=("$tool"); done
  [ -x /bin/busybox ] || missing+=(busybox-static)
  [ ${#missing[@]} -eq 0 ] || { echo "the swarm lab misses ${missing[*]}: apt-get install --no-install-recommends docker.io iptables iproute2 busybox-static tini openssl"; return; }
  unshare --net --mount --pid --fork true 2>/dev/null || echo "the swarm lab may not make namespaces here"
}

# The node's outer process, only if it is still ours: a process id that was given to another is not touched.
node_pid() {
  local pid
  pid=$(cat "$PITLANE_LAB/n$1/outer.pid" 2>/dev/null) || return 1
  { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -qF -- "--data-root $PITLANE_LAB/n$1/data" && echo "$pid"
}
is_gone() { ! kill -0 "$1" 2>/dev/null; }
cgroups() { find /sys/fs/cgroup -maxdepth 2 -type d -name "pitlane-$id" 2>/dev/null; }
no_processes() {
  local folder
  for folder in $(cgroups); do
    [ -d "$folder/$1" ] && [ -n "$(find "$folder/$1" -name cgroup.procs -exec cat {} + 2>/dev/null)" ] && return 1
  done
  return 0
}

start_node() {
  local i=$1 folder=$PITLANE_LAB/n$1 extra=()
  node_pid "$i" >/dev/null && return
  mkdir -p "$folder"
  # This engine writes load balancer files below /var/lib/docker whatever its data root is; it sees an empty one of its own.
  [ -d /var/lib/docker ] || { mkdir -p /var/lib/docker; touch "$PITLANE_LAB/made-var-lib-docker"; }
  # What a killed engine left behind keeps the next one from starting.
  rm -rf "$folder/exec" "$folder/docker.pid" "$folder/docker.sock"
  # Hosts do not share their machine's id.
  printf '%s' "$folder" | sha256sum | cut -c1-32 >"$folder/machine-id"
  # The first node also listens on TCP, for clients with a certificate.
  [ "$i" -eq 1 ] && extra=(-H "tcp://$(address 1):2376" --tlsverify --tlscacert "$PITLANE_LAB/tls/ca.pem" --tlscert "$PITLANE_LAB/tls/server-cert.pem" --tlskey "$PITLANE_LAB/tls/server-key.pem")
  # /run is the node's own, so that a service which mounts /var/run/docker.sock gets its own node's engine.
  # tini is process 1 and reaps; when the outer process is killed, everything in the namespace dies with it.
  setsid nsenter --net="/run/netns/$(ns "$i")" \
    unshare --mount --uts --pid --fork --kill-child --mount-proc \
    sh -c 'hostname "$1"; mount -t tmpfs none /run; mount -t tmpfs none /var/lib/docker
           [ ! -e /etc/machine-id ] || mount --bind "$2" /etc/machine-id; shift 2; exec tini-static -- "$@"' sh "n$i" "$folder/machine-id" \
    dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/docker.pid" \
    -H "unix://$folder/docker.sock" -H unix:///run/docker.sock --cgroup-parent "/pitlane-$id/n$i" "${extra[@]}" \
    </dev/null >>"$folder/dockerd.log" 2>&1 &
  echo $! >"$folder/outer.pid"
}
wait_node() { until_true 90 dk "$1" version || { tail -n 20 "$PITLANE_LAB/n$1/dockerd.log" >&2; die "node $1's engine did not start"; }; }
crash_node() {
  local pid
  pid=$(node_pid "$1") || return 0
  kill -9 "$pid"
  until_true 20 is_gone "$pid" || die "node $1 does not end"
  until_true 20 no_processes "n$1" || die "node $1 leaves processes behind"
}
stop_node() {
  local pid
  pid=$(node_pid "$1") || return 0
  kill -TERM $(cat "/proc/$pid/task/$pid/children")
  until_true 60 is_gone "$pid" || die "node $1 does not stop"
}

make_certificates() {
  local dir=$PITLANE_LAB/tls
  mkdir -p "$dir" "$dir/client" "$dir/stranger"
  (
    cd "$dir"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=lab ca" -keyout ca-key.pem -out ca.pem
    sign() { # $1: name · $2: folder · $3: extensions · $4: ca · $5: ca key
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$2/key.pem" -out "$2/csr.pem"
      printf '%s\n' "$3" >"$2/ext"
      openssl x509 -req -in "$2/csr.pem" -CA "$4" -CAkey "$5" -CAcreateserial -days 2 -extfile "$2/ext" -out "$2/cert.pem"
    }
    mkdir -p server
    sign manager server "subjectAltName=IP:$(address 1),IP:127.0.0.1" ca.pem ca-key.pem
    cp server/cert.pem server-cert.pem && cp server/key.pem server-key.pem
    sign operator client "extendedKeyUsage=clientAuth" ca.pem ca-key.pem && cp ca.pem client/
    # A certificate that another authority signed: the engine must refuse it.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=other ca" -keyout stranger/ca-key.pem -out stranger/other.pem
    sign stranger stranger "extendedKeyUsage=clientAuth" stranger/other.pem stranger/ca-key.pem && cp ca.pem stranger/
  ) >"$dir/openssl.log" 2>&1 || { cat "$dir/openssl.log" >&2; die "no certificates"; }
}

# An image without a registry: busybox with a link per applet, imported once, copied to the other nodes.
make_image() {
  local root applet i
  root=$(mktemp -d "$PITLANE_LAB/image.XXXX")
  mkdir "$root"/{bin,tmp,data}
  cp /bin/busybox "$root/bin/"
  for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
  tar -C "$root" -c . | dk 1 import -c 'ENV PATH=/bin' -c 'CMD ["sleep","100000"]' - lab:1 >/dev/null
  rm -rf "$root"
  for i in $(seq 2 "$NODES"); do dk 1 save lab:1 | dk "$i" load -q >/dev/null; done
}

all_ready() { [ "$(dk 1 node ls --format '{{.Status}}' | grep -c Ready)" = "$(cat "$PITLANE_LAB/nodes")" ]; }

up() {
  local reason i
  reason=$(why_not)
  [ -z "$reason" ] || die "$reason"
  [ ! -e "$PITLANE_LAB/nodes" ] || die "a lab is in $PITLANE_LAB already: lab.sh down"
  mkdir -p "$PITLANE_LAB"
  trap 'status=$?; [ $status -eq 0 ] || { echo "lab: it did not come up, taking it down" >&2; down; }' EXIT
  echo "$NODES" >"$PITLANE_LAB/nodes"
  make_certificates
  ip netns add "$hub"
  ip -n "$hub" link set lo up
  ip -n "$hub" link add br0 type bridge
  ip -n "$hub" addr add 10.77.0.254/24 dev br0
  ip -n "$hub" link set br0 up
  for i in $(seq 1 "$NODES"); do
    ip netns add "$(ns "$i")"
    ip -n "$hub" link add "p$i" type veth peer name eth0 netns "$(ns "$i")"
    ip -n "$hub" link set "p$i" master br0 up
    ip -n "$(ns "$i")" link set lo up
    ip -n "$(ns "$i")" addr add "$(address "$i")/24" dev eth0
    ip -n "$(ns "$i")" link set eth0 up
    start_node "$i"
  done
  for i in $(seq 1 "$NODES"); do wait_node "$i"; done
  make_image
  dk 1 swarm init --advertise-addr "$(address 1)" --dispatcher-heartbeat 5s >/dev/null
  for i in $(seq 2 "$NODES"); do
    if [ "$i" -le "$MANAGERS" ]; then join "$i" manager; else join "$i" worker; fi
  done
  until_true 60 all_ready || die "the nodes do not become ready"
  dk 1 node ls >&2
  printf 'export PITLANE_LAB=%q\n' "$PITLANE_LAB"
}

down() {
  local i name folder
  for folder in "$PITLANE_LAB"/n[0-9]*; do [ ! -d "$folder" ] || crash_node "${folder##*/n}"; done
  for name in $(ip netns list | awk '{ print $1 }' | grep -E "^pitlane-$id-(hub|n[0-9]+)$" || true); do ip netns del "$name"; done
  for folder in $(cgroups); do find "$folder" -depth -type d -exec rmdir {} \; 2>/dev/null || true; done
  # Another lab may have mounted over the folder this one made: then it stays.
  if [ -e "$PITLANE_LAB/made-var-lib-docker" ] && ! ip netns list | grep -qE '^pitlane-[0-9a-f]{8}-hub'; then rmdir /var/lib/docker 2>/dev/null || true; fi
  # Only what the lab itself put there.
  rm -rf "$PITLANE_LAB"/n[0-9]* "$PITLANE_LAB"/image.* "$PITLANE_LAB/tls" "$PITLANE_LAB/nodes" "$PITLANE_LAB/made-var-lib-docker"
  rmdir "$PITLANE_LAB" 2>/dev/null || true
}

join() {
  dk "$1" swarm leave --force >/dev/null 2>&1 || true
  dk "$1" swarm join --token "$(dk 1 swarm join-token -q "$2")" --advertise-addr "$(address "$1")" "$(address 1):2377" >/dev/null
}

# Whether the swarm knows a node by the id that the node has of itself.
knows() { dk 1 node inspect "$(dk "$1" info --format '{{.Swarm.NodeID}}')"; }

restore() {
  local i node label labels
  for i in $(seq 1 "$(cat "$PITLANE_LAB/nodes")"); do ip -n "$hub" link set "p$i" up; start_node "$i"; done
  for i in $(seq 1 "$(cat "$PITLANE_LAB/nodes")"); do wait_node "$i"; done
  until_true 60 dk 1 node ls || die "the manager does not come back"
  for i in $(seq 2 "$(cat "$PITLANE_LAB/nodes")"); do knows "$i" >/dev/null 2>&1 || join "$i" worker; done
  until_true 90 all_ready || die "the nodes do not become ready again"
  for node in $(dk 1 node ls -q); do
    labels=()
    for label in $(dk 1 node inspect "$node" --format '{{ range $key, $value := .Spec.Labels }}{{ $key }} {{ end }}'); do labels+=(--label-rm "$label"); done
    dk 1 node update --availability active "${labels[@]}" "$node" >/dev/null
  done
}

verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
  up) up ;;
  down) down ;;
  can) reason=$(why_not); [ -z "$reason" ] || { echo "$reason"; exit 1; } ;;
  crash) crash_node "$1" ;;
  stop) stop_node "$1" ;;
  start) start_node "$1"; wait_node "$1" ;;
  cut) ip -n "$hub" link set "p$1" down ;;
  heal) ip -n "$hub" link set "p$1" up ;;
  rejoin) join "$1" worker ;;
  restore) restore ;;
  docker) i=$1; shift; dk "$i" "$@" ;;
  in) i=$1; shift; exec nsenter --net="/run/netns/$(ns "$i")" "$@" ;;
  run) exec nsenter --net="/run/netns/$hub" "$@" ;;
  *) sed -n '2,/^set /p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2 ;;
esac
