#!/usr/bin/env bash
# Clears away what killed test runs left: private daemons (test/lab/daemon.ts), tmpfs mounts
# (test/lab/tmpfs.ts) and containers. What belongs to a live test run is left alone.
# leftovers.sh [FOLDER]: only this daemon's folder, whoever owns it.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The daemon, its containerd and their shims name the folder in their arguments; what runs in
# containers does not, but is a shim's child, and the init of a container takes all of it along.
end_processes() {
  local process pid
  for process in /proc/[0-9]*; do
    pid="${process#/proc/}"
    if [[ "$pid" != $$ ]] && tr '\0' ' ' 2>/dev/null <"$process/cmdline" | grep -qF "$1/"; then
      xargs -r kill -KILL 2>/dev/null <"$process/task/$pid/children" || true
      kill -KILL "$pid" 2>/dev/null || true
    fi
  done
}

clear_daemon() {
  end_processes "$1"
  # Innermost mounts first.
  awk -v folder="$1/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo |
    sort -r | xargs -r -n1 umount -l
  rm -rf "$1"
}

if (($#)); then
  clear_daemon "$1"
  exit
fi

shopt -s nullglob
for folder in "${TMPDIR:-/tmp}"/sim-pipeline-dockerd-*; do
  # No owner: it is being made at this moment.
  [[ -s "$folder/owner" ]] || continue
  if kill -0 "$(cat "$folder/owner")" 2>/dev/null; then continue; fi
  say "clearing $folder, whose test run is gone"
  clear_daemon "$folder"
done

"$LAB_SCRIPTS/droplets.sh" clear

# The mount's source names the process that made it.
sed -n 's/^sim-pipeline-tmpfs-\([0-9]*\) \([^ ]*\) tmpfs .*/\1 \2/p' /proc/mounts |
  while read -r owner folder; do
    kill -0 "$owner" 2>/dev/null || umount -l "$folder"
  done

# A container does not say whose it is, but no test run takes an hour.
if main_docker version >/dev/null 2>&1; then
  main_docker ps -a --filter label=sim-pipeline.run --format '{{.CreatedAt}}|{{.ID}}' |
    while IFS='|' read -r created id; do
      # Created as 2006-01-02 15:04:05 +0000 UTC: `date` takes one name of the zone, not two.
      if (($(date +%s) - $(date -d "${created% *}" +%s) > 3600)); then
        main_docker rm -f "$id" >/dev/null
      fi
    done
fi
