# Sourced by the lab's other scripts: where things are, and daemons without systemd.
# shellcheck shell=bash
set -euo pipefail

LAB="${SIM_PIPELINE_LAB:-/var/cache/sim-pipeline-lab}"
LAB_SCRIPTS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
MAIN_SOCKET=/var/run/docker.sock
MIRROR=127.0.0.1:5000
REGISTRY=127.0.0.1:5001
REGISTRY_USER=sim-lab
TLS_ADDRESS=127.0.0.1:2376
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" # dockerd, runc and debootstrap; not on every PATH

# What the caller has set is for the caller's own daemon, not for the lab's.
unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT
export DOCKER_CONFIG="$LAB/docker-config"

mkdir -p "$LAB"/{run,log,images,docker-config}

say() { echo "lab: $*" >&2; }

# wait_until SECONDS COMMAND...: what we wait for sends no event.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# alive NAME: NAME.pid holds a live process that still runs the program it was started with.
alive() {
  local pid program comm state
  read -r pid program 2>/dev/null <"$LAB/run/$1.pid" || return 1
  read -r _ comm state _ 2>/dev/null <"/proc/$pid/stat" || return 1
  [[ "$comm" == "($program)" && "$state" != Z ]]
}

pid_of() { cut -d' ' -f1 "$LAB/run/$1.pid"; }

# launch NAME PROGRAM COMMAND...: COMMAND in a session of its own, so that it outlives the shell;
# it ends up as PROGRAM, in the same process.
launch() {
  local name="$1" program="$2"
  shift 2
  (
    cd /
    # The shell in between writes its own pid, which the exec keeps.
    setsid bash -c 'echo "$$ $1" >"$2"; shift 2; exec "$@"' launch \
      "$program" "$LAB/run/$name.pid" "$@" </dev/null >>"$LAB/log/$name.log" 2>&1 &
  )
}

gone() { ! alive "$1"; }

# halt NAME [SIGNAL]: ends a launched process and waits until it is gone.
halt() {
  alive "$1" || return 0
  kill "-${2:-TERM}" "$(pid_of "$1")"
  wait_until 30 gone "$1" || {
    say "$1 does not end, killing it"
    kill -KILL "$(pid_of "$1")"
    wait_until 5 gone "$1"
  }
}

main_docker() { docker -H "unix://$MAIN_SOCKET" "$@"; }

tls_docker() {
  docker -H "tcp://$TLS_ADDRESS" --tlsverify --tlscacert "$LAB/tls/certs/ca.pem" \
    --tlscert "$LAB/tls/certs/cert.pem" --tlskey "$LAB/tls/certs/key.pem" "$@"
}

# Some machines lack CAP_SYS_RESOURCE, and without it a negative oom score is refused.
DOCKERD=(dockerd --oom-score-adjust=0)
