#!/usr/bin/env bash
# Powers a droplet on: boot.sh FOLDER NAME. This very process becomes the parent of the droplet's first
# process, and the droplet ends with either. On fd 3 that one says when SSH can be reached.
#
# The root file system is this machine's own, under an overlay: what a droplet writes stays in FOLDER,
# over power cycles. Mounts are made in a mount namespace of the droplet's own, and nobody has to
# unmount them.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"

# Each hierarchy of cgroups, whatever the version.
cgroup_mounts() { awk '$3 ~ /^cgroup2?$/ { print $3, $2 }' /proc/mounts | sort -u; }

# Before the namespace, so that the droplet sees its own cgroups as the roots.
join_cgroups() {
  local mount cgroup
  while read -r _ mount; do
    cgroup="$mount/sim-droplet-$address"
    # What the last boot left there is empty, and in version 2 nobody could join it.
    if [[ -d "$cgroup" ]]; then find "$cgroup" -depth -type d -exec rmdir {} +; fi
    mkdir "$cgroup"
    if [[ -e "$cgroup/cpuset.mems" && -z "$(<"$cgroup/cpuset.mems")" ]]; then
      cat "$mount/cpuset.cpus" >"$cgroup/cpuset.cpus"
      cat "$mount/cpuset.mems" >"$cgroup/cpuset.mems"
    fi
    echo $$ >"$cgroup/cgroup.procs"
  done < <(cgroup_mounts)
}

on_host() { nsenter --net=/proc/self/fd/9 "$@"; }

make_network() {
  local x y link
  IFS=. read -r _ _ x y <<<"$address"
  link="simd-$x-$y"
  # A used address comes back with the same hardware address, so that nobody has to forget one.
  ip link add eth0 address "$(printf '02:77:0a:4d:%02x:%02x' "$x" "$y")" \
    type veth peer name "$link" netns /proc/self/fd/9
  on_host ip link set "$link" master sim-droplets up
  ip link set lo up
  ip address add "$address/16" dev eth0
  ip link set eth0 up
  ip route add 169.254.169.254 via "$host"
  # Image references of the lab are 127.0.0.1:…; a table of its own, which iptables does not see.
  echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet
  nft -f - <<NFT
table ip sim-lab {
  chain output {
    type nat hook output priority -101
    ip daddr 127.0.0.1 tcp dport { 5000, 5001 } dnat to $host
  }
  chain postrouting {
    type nat hook postrouting priority srcnat - 1
    ip daddr $host ip saddr 127.0.0.1 masquerade
  }
}
NFT
}

make_devices() {
  local name
  mount -t tmpfs -o mode=755 tmpfs dev
  for name in null zero full random urandom tty; do cp -a "/dev/$name" "dev/$name"; done
  chmod 666 dev/{null,zero,full,random,urandom,tty}
  mkdir dev/{pts,shm,mqueue}
  mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
  mount -t tmpfs -o mode=1777 tmpfs dev/shm
  mount -t mqueue mqueue dev/mqueue
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  ln -s /proc/self/fd/0 dev/stdin
  ln -s /proc/self/fd/1 dev/stdout
  ln -s /proc/self/fd/2 dev/stderr
}

make_cgroups() {
  local type mount controllers
  mount -t sysfs sysfs sys
  if [[ "$(stat -f -c %T /sys/fs/cgroup)" == tmpfs ]]; then
    mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  fi
  while read -r type mount; do
    mkdir -p ".$mount"
    if [[ "$type" == cgroup2 ]]; then
      mount -t cgroup2 cgroup2 ".$mount"
    else
      # By its controllers, as `cpu,cpuacct` or `name=systemd`.
      controllers="$(awk -v mount="$mount" '$2 == mount { print $4 }' /proc/mounts |
        tr , '\n' | grep -vxE 'rw|ro|nosuid|nodev|noexec|relatime|xattr|release_agent=.*' | paste -sd,)"
      mount -t cgroup -o "$controllers" cgroup ".$mount"
    fi
  done < <(cgroup_mounts)
  # Version 2 gives controllers only to groups below one that holds no process itself.
  if [[ -e sys/fs/cgroup/cgroup.controllers ]]; then
    mkdir -p sys/fs/cgroup/init
    echo $$ >sys/fs/cgroup/init/cgroup.procs
    sed 's/[^ ]* */+&/g' sys/fs/cgroup/cgroup.controllers >sys/fs/cgroup/cgroup.subtree_control
  fi
}

make_root() {
  # No index: the overlay of the last boot may still be on its way out.
  mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work,index=off" \
    sim-droplet "$folder/root"
  cd "$folder/root"
  mkdir -p var/lib/docker
  mount --bind "$folder/docker" var/lib/docker
  mount -t tmpfs -o mode=755 tmpfs run
  mkdir -m 1777 run/lock
  mount -t tmpfs -o mode=1777 tmpfs tmp
  make_devices
  make_cgroups
}

folder="$1" name="$2" stage="${3:-cgroups}"
address="${folder##*/}"
host="${SIM_LAB_DROPLETS_HOST:?}"
case "$stage" in
  cgroups)
    join_cgroups
    exec 9</proc/self/ns/net
    exec unshare --cgroup --ipc --mount --net --uts --propagation private "$0" "$folder" "$name" own
    ;;
  own)
    hostname "$name"
    make_network
    make_root
    exec 9<&-
    mkdir run/below
    pivot_root . run/below
    cd /
    exec unshare --pid --fork --kill-child=KILL env -i \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
      /usr/lib/sim-lab/init
    ;;
esac
