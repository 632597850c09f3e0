#!/usr/bin/env bash
# Stops what up.sh started; what it made (images, certificates, registries' data) stays.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$LAB_SCRIPTS/leftovers.sh"
"$LAB_SCRIPTS/buildkit.sh" stop
"$LAB_SCRIPTS/s3.sh" stop
"$LAB_SCRIPTS/droplets.sh" stop
"$LAB_SCRIPTS/tls-daemon.sh" stop
"$LAB_SCRIPTS/registries.sh" stop
"$LAB_SCRIPTS/dockerd.sh" stop
rm -f "$LAB/env"
