#!/usr/bin/env bash
# Installs the Debian packages that the lab needs and that are not there yet.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

packages=(docker.io containerd runc iptables iproute2 ca-certificates openssl curl docker-registry
  apache2-utils debootstrap busybox-static gcc libc6-dev zsh fish python3-venv npm:npm
  ffmpeg:ffmpeg ffprobe:ffmpeg chromium fonts-dejavu-core openssh-server openssh-client
  sudo nftables attr shellcheck)

missing=()
for entry in "${packages[@]}"; do
  # `command:package` is for what may also come from elsewhere, as Node does.
  if [[ "$entry" == *:* ]] && command -v "${entry%%:*}"; then continue; fi
  package="${entry##*:}"
  # Docker of another origin is used as it is.
  if [[ "$package" =~ ^(docker.io|containerd|runc)$ ]] && command -v dockerd; then continue; fi
  [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
    missing+=("$package")
done >/dev/null
((${#missing[@]})) || exit 0

say "installing ${missing[*]}"
install_missing() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y \
    --no-install-recommends "${missing[@]}" </dev/null >"$LAB/log/apt.log" 2>&1
}
# The package lists are often there and fresh enough.
install_missing || { apt-get -qq update >&2 && install_missing; } || {
  cat "$LAB/log/apt.log" >&2
  exit 1
}
