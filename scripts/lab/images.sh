#!/usr/bin/env bash
# The images that tests start from, made from Debian and npm packages since Docker Hub is out of
# reach, and pushed so that a plain `docker pull` finds them in the mirror.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# A changed recipe makes new images, an unchanged one never does.
recipe="$(cat "$LAB_SCRIPTS/images.sh" "$LAB_SCRIPTS/exit-code.c" | sha256sum | cut -c1-12)"
cache="$LAB/images/$recipe"
work="$(mktemp -d "$LAB/images/work.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"

# debootstrap takes Debian's mirror from apt, wherever its sources say it is.
debian_mirror() {
  apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^bookworm //p' | head -1
}

# npm_package NAME@RANGE FOLDER: the published files, unpacked; no install scripts run.
npm_package() {
  local tarball
  tarball="$(cd "$work" && npm pack --silent "$1")"
  mkdir -p "$2"
  tar -xzf "$work/$tarball" -C "$2" --strip-components=1 --no-same-owner
}

node_root() {
  local root="$1" mirror arch
  mirror="$(debian_mirror)"
  [[ -n "$mirror" ]] || {
    say "apt knows no mirror of Debian bookworm, of which the image node:24-bookworm-slim is made"
    exit 1
  }
  debootstrap --variant=minbase bookworm "$root" "$mirror" >"$LAB/log/debootstrap.log" 2>&1 || {
    tail -5 "$LAB/log/debootstrap.log" >&2
    exit 1
  }
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
    "$root"/usr/share/{doc,man,info,locale,lintian}/*

  arch="$(dpkg --print-architecture)"
  npm_package "node-linux-${arch/amd64/x64}@24" "$work/node"
  npm_package npm@11 "$root/usr/local/lib/node_modules/npm"
  install -m 755 "$work/node/bin/node" "$root/usr/local/bin/node"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  chmod 755 "$root"/usr/local/lib/node_modules/npm/bin/*-cli.js
  # As in Docker Hub's image: a user `node`, and arguments that are no command go to node.
  chroot "$root" groupadd --gid 1000 node
  chroot "$root" useradd --uid 1000 --gid node --shell /bin/bash --create-home node
  cat >"$root/usr/local/bin/docker-entrypoint.sh" <<'SH'
#!/bin/sh
case "$1" in -*) exec node "$@" ;; esac
command -v "$1" >/dev/null && exec "$@"
exec node "$@"
SH
  chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
}

busybox_root() {
  local root="$1" applet
  mkdir -p "$root"/{bin,dev,etc,home,proc,root,sys,tmp,usr/bin,var}
  chmod 1777 "$root/tmp"
  install -m 755 "$(command -v busybox)" "$root/bin/busybox"
  while read -r applet; do
    [[ "$applet" == busybox ]] || ln "$root/bin/busybox" "$root/bin/$applet"
  done < <(busybox --list)
  ln -s ../../bin/env "$root/usr/bin/env"
  echo "root:x:0:0:root:/root:/bin/sh" >"$root/etc/passwd"
  echo "root:x:0:" >"$root/etc/group"
}

# Debian's ffmpeg with the libraries that it is linked to, in place of the one that ships its own.
ffmpeg_root() {
  local root="$1" program file
  busybox_root "$root"
  for program in ffmpeg ffprobe; do
    install -m 755 "$(command -v "$program")" "$root/usr/bin/$program"
    ldd "$root/usr/bin/$program"
  done | grep -o '/[^ ]*' | grep -v "^$root" | sort -u | while read -r file; do
    mkdir -p "$root${file%/*}"
    cp -L "$file" "$root$file"
  done
}

no_shell_root() {
  mkdir -p "$1"
  gcc -static -Os -s -o "$1/exit-code" "$LAB_SCRIPTS/exit-code.c"
}

# An image that carries no recipe is someone else's, e.g. the real one: used as it is.
have() {
  local label format='{{index .Config.Labels "sim-lab.recipe"}}'
  label="$(main_docker image inspect -f "$format" "$1" 2>/dev/null)" &&
    [[ -z "$label" || "$label" == "$recipe" ]]
}

# ensure IMAGE NAME MAKE-ROOT CHANGE...: in the daemon, in the cache and in the mirror.
ensure() {
  local image="$1" name="$2" make_root="$3" change changes=()
  shift 3
  if ! have "$image" && [[ -s "$cache/$name.tar" ]]; then
    main_docker load -q -i "$cache/$name.tar" >/dev/null
  fi
  if ! have "$image"; then
    say "making $image"
    for change in "$@" "LABEL sim-lab.recipe=$recipe"; do changes+=(--change "$change"); done
    # Called on a line of its own: inside a condition `set -e` would not hold.
    mkdir "$work/$name"
    "$make_root" "$work/$name"
    tar -C "$work/$name" -c . | main_docker import "${changes[@]}" - "$image" >/dev/null
  fi
  if [[ ! -s "$cache/$name.tar" ]]; then
    main_docker save -o "$work/$name.tar" "$image"
    mv "$work/$name.tar" "$cache/$name.tar"
  fi
  local repository="${image%:*}"
  [[ "$repository" == */* ]] || repository="library/$repository"
  push "$image" "$MIRROR/$repository:${image##*:}" mirror-"$name"
}

# push IMAGE TARGET STAMP: the extra tag goes away again, or a test's pull would have nothing to do.
push() {
  local id
  id="$(main_docker image inspect -f '{{.Id}}' "$1")"
  [[ "$(cat "$LAB/images/pushed-$3" 2>/dev/null)" == "$2 $id" ]] && return
  main_docker tag "$1" "$2"
  main_docker push -q "$2" >/dev/null
  main_docker rmi "$2" >/dev/null
  echo "$2 $id" >"$LAB/images/pushed-$3"
}

ensure busybox:stable busybox busybox_root 'CMD ["sh"]' \
  'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
push busybox:stable "$REGISTRY/sim-lab/busybox:stable" registry-busybox
ensure sim-lab/no-shell:latest no-shell no_shell_root 'ENTRYPOINT ["/exit-code"]'
ensure node:24-bookworm-slim node node_root 'CMD ["node"]' \
  'ENTRYPOINT ["docker-entrypoint.sh"]' \
  'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
# The image that finish steps take where a machine has no ffmpeg.
ensure jrottenberg/ffmpeg:7.1-alpine ffmpeg ffmpeg_root 'ENTRYPOINT ["ffmpeg"]' \
  'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

# What older recipes made.
main_docker image prune -f --filter label=sim-lab.recipe >/dev/null
find "$LAB/images" -mindepth 1 -maxdepth 1 -type d ! -name "$recipe" ! -name 'work.*' \
  -exec rm -rf {} +
say "images: busybox:stable, sim-lab/no-shell:latest, node:24-bookworm-slim, jrottenberg/ffmpeg:7.1-alpine"
