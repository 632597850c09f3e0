#!/usr/bin/env bash
# Brings up the whole lab for tests, or what of it is not up: real daemons, registries and images.
# Nothing of it is in the clone: it lives in $SIM_PIPELINE_LAB, by default under /var/cache.
# Prints, and writes to its file `env`, the variables by which tests find the parts.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ "$(uname -s)" == Linux && "$(id -u)" == 0 ]] || {
  say "needs Linux and root: it installs packages and starts daemons"
  exit 3
}
# Two clones may ask at the same time. -o: a daemon that inherits the lock would never let go of it.
if [[ -z "${SIM_LAB_LOCKED:-}" ]]; then
  SIM_LAB_LOCKED=1 exec flock -o "$LAB/lock" "$LAB_SCRIPTS/up.sh"
fi

"$LAB_SCRIPTS/packages.sh"
"$LAB_SCRIPTS/leftovers.sh"
"$LAB_SCRIPTS/dockerd.sh" start
"$LAB_SCRIPTS/registries.sh" start
"$LAB_SCRIPTS/images.sh"
"$LAB_SCRIPTS/tls-daemon.sh" start
"$LAB_SCRIPTS/droplets.sh" start
"$LAB_SCRIPTS/s3.sh" start
"$LAB_SCRIPTS/azurite.sh" install
"$LAB_SCRIPTS/tools.sh" install
"$LAB_SCRIPTS/buildkit.sh" start

cat >"$LAB/env.new" <<ENV
SIM_LAB=1
SIM_LAB_SOCKET=$MAIN_SOCKET
SIM_LAB_MIRROR=$MIRROR
SIM_LAB_REGISTRY=$REGISTRY
SIM_LAB_REGISTRY_USER=$REGISTRY_USER
SIM_LAB_REGISTRY_PASSWORD=$(cat "$LAB/registry-password")
SIM_LAB_TLS_HOST=tcp://$TLS_ADDRESS
SIM_LAB_TLS_CERTS=$LAB/tls/certs
SIM_LAB_CHROMIUM=$(command -v chromium)
$("$LAB_SCRIPTS/droplets.sh" env)
$("$LAB_SCRIPTS/s3.sh" env)
$("$LAB_SCRIPTS/azurite.sh" env)
$("$LAB_SCRIPTS/tools.sh" env)
$("$LAB_SCRIPTS/buildkit.sh" env)
ENV
mv "$LAB/env.new" "$LAB/env"
cat "$LAB/env"
