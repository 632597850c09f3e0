#!/usr/bin/env bash
# A second daemon, on TCP with TLS, that does not share our files although it runs beside us: in its
# mount namespace the folders that tests write to are empty. tls-daemon.sh start|stop
# Containers have no network in it but `none` and a bridge that leads nowhere, so that it leaves the
# main daemon's bridge and iptables alone.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Not --bridge=none: a daemon told that deletes `docker0`, which is the main daemon's. The address
# is one that is reserved for documentation.
bridge=sim-lab0
make_bridge() {
  if ! ip link show "$bridge" >/dev/null 2>&1; then
    ip link add "$bridge" type bridge
    ip address add 192.0.2.1/24 dev "$bridge"
  fi
  ip link set "$bridge" up
}

answers() { tls_docker version; }

# What a bind mount of the caller's files would name; never a folder that holds the lab itself.
hidden_folders() {
  local clone folder
  clone="$(cd "$LAB_SCRIPTS/../.." && pwd)"
  for folder in "$(dirname "$clone")" "$clone" "$HOME" "${TMPDIR:-/tmp}" /tmp /home /var/tmp; do
    if [[ "$folder" != / && "$LAB/" != "$folder"/* ]]; then echo "$folder"; fi
  done
}

# Started from a clone elsewhere, the daemon may see this one.
sees_this_clone() {
  nsenter --mount="/proc/$(pid_of tls-daemon)/ns/mnt" test -e "$LAB_SCRIPTS"
}

start() {
  "$LAB_SCRIPTS/certificates.sh"
  if alive tls-daemon && sees_this_clone; then halt tls-daemon; fi
  if ! alive tls-daemon; then
    rm -f "$LAB/run/tls-daemon-own.pid"
    echo '{}' >"$LAB/tls/dockerd.json" # or it would read the machine's
    make_bridge
    local folders command certs="$LAB/tls/certs"
    mapfile -t folders < <(hidden_folders)
    # A folder inside one that was just hidden is gone already.
    command='set -e
      while [[ "$1" != -- ]]; do
        if [[ -d "$1" ]]; then mount -t tmpfs -o mode=1777 tmpfs "$1"; fi
        shift
      done
      shift
      exec "$@"'
    launch tls-daemon dockerd unshare --mount --propagation private \
      bash -c "$command" tls-daemon "${folders[@]}" -- \
      "${DOCKERD[@]}" --config-file "$LAB/tls/dockerd.json" --registry-mirror "http://$MIRROR" \
      --data-root "$LAB/tls/data" --exec-root "$LAB/tls/exec" \
      --pidfile "$LAB/run/tls-daemon-own.pid" \
      --bridge="$bridge" --iptables=false --ip-forward=false \
      -H "tcp://$TLS_ADDRESS" --tlsverify --tlscacert "$certs/ca.pem" \
      --tlscert "$certs/server-cert.pem" --tlskey "$certs/server-key.pem"
  fi
  wait_until 60 answers || {
    tail -20 "$LAB/log/tls-daemon.log" >&2
    say "the daemon behind TLS does not answer on $TLS_ADDRESS"
    exit 1
  }
  load busybox:stable
  load node:24-bookworm-slim
  say "the daemon behind TLS answers on $TLS_ADDRESS"
}

# Image ids differ between Docker versions, the layers they stand for do not.
layers() { "$1" image inspect -f '{{json .RootFS.Layers}}' "$2" 2>/dev/null; }

load() {
  if [[ "$(layers main_docker "$1")" != "$(layers tls_docker "$1")" ]]; then
    main_docker save "$1" | tls_docker load -q >/dev/null
  fi
}

case "${1:-}" in
  start) start ;;
  stop)
    halt tls-daemon
    if ip link show "$bridge" >/dev/null 2>&1; then ip link delete "$bridge"; fi
    ;;
  *)
    echo "usage: tls-daemon.sh start|stop" >&2
    exit 2
    ;;
esac
