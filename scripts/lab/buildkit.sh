#!/usr/bin/env bash
# A BuildKit daemon for buildx builders of the driver `remote`: the only one here that makes caches in
# a registry, attestations and images of several platforms, since a privileged container, in which
# the driver `docker-container` runs its own, is refused on a machine that lacks capabilities.
# buildkit.sh start|stop|env
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SOCKET="$LAB/run/buildkitd.sock"
SCANNER=docker/buildkit-syft-scanner
# shellcheck disable=SC1090
source <("$LAB_SCRIPTS/tools.sh" env)

answers() { curl -s --unix-socket "$SOCKET" --http2-prior-knowledge http://buildkit/; }

in_mirror() { curl -sf -o /dev/null "http://$MIRROR/v2/$1/manifests/stable-1"; }

# In the place of Docker's own scanner, which BuildKit starts for `--sbom`: one that finds nothing.
# https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md
scanner() {
  local root image="$MIRROR/$SCANNER:stable-1"
  ! in_mirror "$SCANNER" || return 0
  root="$(mktemp -d "$LAB/scanner.XXXXXX")"
  mkdir -p "$root"/{bin,tmp}
  install -m 755 "$(command -v busybox)" "$root/bin/busybox"
  cat >"$root/bin/scan" <<'SCAN'
#!/bin/busybox sh
set -eu
name="$(/bin/busybox basename "$BUILDKIT_SCAN_SOURCE")"
echo '{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
  "predicate": {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
    "name": "lab", "documentNamespace": "https://example.com/lab", "packages": [], "files": [],
    "creationInfo": {"creators": ["Tool: lab"], "created": "2026-01-01T00:00:00Z"}}}' \
  >"$BUILDKIT_SCAN_DESTINATION/$name.spdx.json"
SCAN
  chmod 755 "$root/bin/scan"
  tar -C "$root" -c . | main_docker import --change 'ENTRYPOINT ["/bin/scan"]' - "$image" >/dev/null
  rm -rf "$root"
  main_docker push -q "$image" >/dev/null
  main_docker rmi "$image" >/dev/null
}

start() {
  scanner
  cat >"$LAB/buildkitd.toml" <<TOML
[registry."docker.io"]
  mirrors = ["$MIRROR"]
[registry."$MIRROR"]
  http = true
TOML
  alive buildkitd || launch buildkitd buildkitd "$SIM_LAB_BUILDKITD" --config "$LAB/buildkitd.toml" \
    --root "$LAB/buildkit" --addr "unix://$SOCKET" --containerd-worker=false \
    --oci-worker-binary "$(command -v runc)"
  wait_until 20 answers || {
    tail -5 "$LAB/log/buildkitd.log" >&2
    say "buildkitd does not answer on $SOCKET"
    exit 1
  }
  say "BuildKit answers on $SOCKET"
}

case "${1:-}" in
  start) start ;;
  stop) halt buildkitd ;;
  env) echo "SIM_LAB_BUILDKIT=unix://$SOCKET" ;;
  *)
    echo "usage: buildkit.sh start|stop|env" >&2
    exit 2
    ;;
esac
