#!/usr/bin/env bash
# Two registries on loopback: one without authentication, the Docker Hub mirror, and one with
# htpasswd, in the place of ghcr.io. registries.sh start|stop
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# configuration NAME ADDRESS [HTPASSWD]
configuration() {
  cat <<YAML
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: $LAB/$1}
  delete: {enabled: true}
http: {addr: $2}
YAML
  if (($# > 2)); then echo "auth: {htpasswd: {realm: sim-lab, path: $3}}"; fi
}

# A registry that wants a password answers 401, which is an answer.
answers() { [[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$1/v2/")" =~ ^(200|401)$ ]]; }

start_one() {
  alive "$1" || launch "$1" docker-registry docker-registry serve "$LAB/$1.yml"
  wait_until 20 answers "$2" || {
    tail -5 "$LAB/log/$1.log" >&2
    say "$1 does not answer on $2"
    exit 1
  }
}

start() {
  # A password of its own for each lab, so that none is written in the repository.
  [[ -s "$LAB/registry-password" ]] || openssl rand -hex 12 >"$LAB/registry-password"
  local password
  password="$(cat "$LAB/registry-password")"
  htpasswd -Bbn "$REGISTRY_USER" "$password" >"$LAB/htpasswd" 2>/dev/null
  cat >"$DOCKER_CONFIG/config.json" <<JSON
{"auths": {"$REGISTRY": {"auth": "$(printf %s "$REGISTRY_USER:$password" | base64 -w0)"}}}
JSON
  configuration mirror "$MIRROR" >"$LAB/mirror.yml"
  configuration registry "$REGISTRY" "$LAB/htpasswd" >"$LAB/registry.yml"
  start_one mirror "$MIRROR"
  start_one registry "$REGISTRY"
  say "the mirror answers on $MIRROR, the registry with a password on $REGISTRY"
}

case "${1:-}" in
  start) start ;;
  stop) halt mirror && halt registry ;;
  *)
    echo "usage: registries.sh start|stop" >&2
    exit 2
    ;;
esac
