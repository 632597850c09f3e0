#!/usr/bin/env bash
# Runs a command in a droplet: enter.sh FOLDER INIT COMMAND..., INIT being its first process.
set -euo pipefail
folder="$1" init="$2"
shift 2
# As its own processes are, so that what the command starts and leaves behind, such as dockerd, finds
# itself in the droplet's cgroups.
awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | sort -u | while read -r mount; do
  cgroup="$mount/sim-droplet-${folder##*/}"
  if [[ -d "$cgroup/init" ]]; then cgroup="$cgroup/init"; fi
  echo $$ >"$cgroup/cgroup.procs"
done
exec nsenter --target "$init" --cgroup --ipc --mount --net --pid --uts env -i \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root "$@"
