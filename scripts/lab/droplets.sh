#!/usr/bin/env bash
# The network of the lab's droplets (test/lab/droplet), and what is left of those whose test run is
# gone. droplets.sh start|stop|env|clear; `clear FOLDER` clears that droplet, whoever owns it.
#
# Droplets reach each other and, at HOST, whatever listens on this machine's loopback; nothing beyond
# it. METADATA is where clouds serve user data: a test that listens on loopback answers there too.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

DROPLETS="$LAB/droplets"
BRIDGE=sim-droplets
HOST=10.77.0.1
METADATA=169.254.169.254

start() {
  mkdir -p "$DROPLETS"
  if ! ip link show "$BRIDGE" >/dev/null 2>&1; then
    ip link add "$BRIDGE" type bridge
    ip address add "$HOST/16" dev "$BRIDGE"
  fi
  # As set by hand it stays: else it follows the ports that come and go, and droplets that know the
  # old one reach nothing until they ask again.
  ip link set "$BRIDGE" address "$(cat "/sys/class/net/$BRIDGE/address")"
  ip link set "$BRIDGE" up
  echo 1 >"/proc/sys/net/ipv4/conf/$BRIDGE/route_localnet"
  nft -f - <<NFT
table ip $BRIDGE
delete table ip $BRIDGE
table ip $BRIDGE {
  chain prerouting {
    type nat hook prerouting priority dstnat - 1
    iifname "$BRIDGE" ip daddr { $HOST, $METADATA } meta l4proto tcp dnat to 127.0.0.1
  }
}
NFT
  # From one droplet to another: Docker has bridged traffic filtered, and drops what it does not know.
  iptables -C FORWARD -i "$BRIDGE" -o "$BRIDGE" -j ACCEPT 2>/dev/null ||
    iptables -I FORWARD -i "$BRIDGE" -o "$BRIDGE" -j ACCEPT
  say "droplets start in $DROPLETS"
}

stop() {
  local folder
  for folder in "$DROPLETS"/*; do clear_droplet "$folder"; done
  iptables -D FORWARD -i "$BRIDGE" -o "$BRIDGE" -j ACCEPT 2>/dev/null || true
  nft delete table ip "$BRIDGE" 2>/dev/null || true
  ip link delete "$BRIDGE" 2>/dev/null || true
}

cgroups_of() {
  local mount
  awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | sort -u | while read -r mount; do
    if [[ -d "$mount/sim-droplet-$1" ]]; then echo "$mount/sim-droplet-$1"; fi
  done
}

no_cgroups() {
  local cgroup
  while read -r cgroup; do find "$cgroup" -depth -type d -exec rmdir {} +; done < <(cgroups_of "$1")
  [[ -z "$(cgroups_of "$1")" ]]
}

# Its first process takes everything in the droplet along, and with its last one go its mounts and its
# network.
clear_droplet() {
  local folder="$1" address="${1##*/}" link init
  init="$(cat "$folder/init" 2>/dev/null)" || init=
  if [[ -n "$init" ]] && grep -qF "sim-droplet-$address" "/proc/$init/cgroup" 2>/dev/null; then
    kill -KILL "$init" || true
  fi
  link="simd-$(cut -d. -f3,4 --output-delimiter=- <<<"$address")"
  ip link delete "$link" 2>/dev/null || true
  wait_until 10 no_cgroups "$address" || say "processes are left in the cgroups of $folder"
  remove_later "$folder"
}

# Where freed blocks are discarded at once, the files of an image take ten seconds: nobody waits.
remove_later() {
  local trash
  [[ -d "$1" ]] || return 0
  trash="$(mktemp -d "$LAB/removed.XXXXXX")"
  mv "$1" "$trash"
  setsid rm -rf "$trash" </dev/null >/dev/null 2>&1 &
}

shopt -s nullglob
case "${1:-}" in
  start) start ;;
  stop) stop ;;
  env)
    echo "SIM_LAB_DROPLETS=$DROPLETS"
    echo "SIM_LAB_DROPLETS_HOST=$HOST"
    ;;
  clear)
    if (($# > 1)); then
      clear_droplet "$2"
      exit
    fi
    # Whose removal was cut off.
    find "$LAB" -maxdepth 1 -name 'removed.*' -mmin +60 -exec rm -rf {} + || true
    for folder in "$DROPLETS"/*; do
      # No owner: it is being made at this moment.
      [[ -s "$folder/owner" ]] || continue
      if kill -0 "$(cat "$folder/owner")" 2>/dev/null; then continue; fi
      say "clearing $folder, whose test run is gone"
      # Another test run may be at the same.
      clear_droplet "$folder" || true
    done
    ;;
  *)
    echo "usage: droplets.sh start|stop|env|clear [FOLDER]" >&2
    exit 2
    ;;
esac
