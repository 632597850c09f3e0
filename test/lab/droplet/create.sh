#!/usr/bin/env bash
# A new droplet's disk: create.sh FOLDER NAME. The upper layer of its root file system gets the programs
# in root/, and hides what this machine has and a new droplet has not.
set -euo pipefail

folder="$1" name="$2"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
clone="$(cd "$here/../../.." && pwd)"
cd "$folder"
mkdir -p upper work root docker
chmod 755 upper

# install_file MODE FILE: from standard input.
install_file() {
  install -D -m "$1" /dev/stdin "upper$2"
}

# An opaque folder: nothing shows through from below.
empty_folder() {
  install -d -m "$1" "upper$2"
  setfattr -n trusted.overlay.opaque -v y "upper$2"
}

# A character device 0:0: what is below does not exist.
hide() {
  local path
  for path in "$@"; do
    [[ -e "$path" || -L "$path" ]] || continue
    install -d -m 755 "upper${path%/*}"
    mknod "upper$path" c 0 0
  done
}

empty_folder 700 /root
empty_folder 755 /home
empty_folder 1777 /var/tmp
empty_folder 755 /etc/docker
empty_folder 755 /etc/apt/sources.list.d
empty_folder 755 /var/lib/cloud
# A daemon of the machine's own does not see the caller's files: nor does a droplet's.
for path in "$clone" "$(dirname "$folder")" "${HOME:-/root}" "${TMPDIR:-/tmp}"; do
  case "$path/" in /root/* | /home/* | /tmp/* | /var/tmp/*) ;; *) hide "$path" ;; esac
done
hide /etc/ssh/ssh_host_* /etc/ssh/sshd_config.d/* /var/lib/sim-pipeline /.dockerenv

while read -r file; do
  install -D -m 755 "$here/root/$file" "upper/$file"
done < <(cd "$here/root" && find . -type f)
# What is enabled here is not started there.
empty_folder 755 /etc/systemd/system/multi-user.target.wants

# What providers' images are, and setup scripts ask for.
install_file 644 /usr/lib/os-release <<'OS'
PRETTY_NAME="Ubuntu 24.04 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04 LTS (Noble Numbat)"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=noble
OS
tr -d - </proc/sys/kernel/random/uuid | install_file 444 /etc/machine-id
install_file 644 /etc/hostname <<<"$name"
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" | install_file 644 /etc/hosts
# Nobody listens there, so that every name is refused at once: nothing beyond the lab can be reached.
install_file 644 /etc/resolv.conf <<<"nameserver 127.0.0.1"
# The package makes it, not the image.
grep -v ^docker: /etc/group | install_file 644 /etc/group
grep -v ^docker: /etc/gshadow | install_file 640 /etc/gshadow
# For the requests that the lab does not answer itself.
for program in /usr/bin/curl /usr/bin/gpg; do
  if [[ -x "$program" ]]; then install -D -m 755 "$program" "upper/usr/lib/sim-lab/real/${program##*/}"; fi
done
