#!/usr/bin/env bash
# The main daemon: dockerd.sh start|stop|restart|kill. `kill` is a crash: no clean shutdown.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

answers() { main_docker version; }

# A daemon that somebody starts with --bridge=none beside ours deletes its network.
has_bridge() { ip link show docker0; }

start() {
  if answers >/dev/null 2>&1; then
    if has_bridge >/dev/null 2>&1 || ! alive dockerd; then return; fi
    say "docker0 is gone: dockerd starts anew"
    halt dockerd
  fi
  cat >"$LAB/dockerd.json" <<JSON
{
  "registry-mirrors": ["http://$MIRROR"],
  "insecure-registries": ["127.0.0.0/8"],
  "live-restore": false
}
JSON
  if ! alive dockerd; then
    # A crashed daemon leaves its pid file, and the pid may be someone else's by now.
    rm -f "$LAB/run/dockerd-own.pid"
    launch dockerd dockerd "${DOCKERD[@]}" --config-file "$LAB/dockerd.json" \
      --data-root "$LAB/docker" --pidfile "$LAB/run/dockerd-own.pid" -H "unix://$MAIN_SOCKET"
  fi
  wait_until 60 answers || {
    tail -20 "$LAB/log/dockerd.log" >&2
    say "dockerd does not answer on $MAIN_SOCKET"
    exit 1
  }
  say "dockerd answers on $MAIN_SOCKET"
}

case "${1:-}" in
  start) start ;;
  stop) halt dockerd ;;
  kill)
    halt dockerd KILL
    # Its containerd dies with it, but as long as nobody has reaped that, its pid seems alive, and
    # the next daemon would wait for it in vain.
    rm -f /var/run/docker/containerd/containerd.pid
    ;;
  restart) halt dockerd && start ;;
  *)
    echo "usage: dockerd.sh start|stop|restart|kill" >&2
    exit 2
    ;;
esac
