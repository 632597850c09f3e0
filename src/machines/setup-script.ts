/** The shell scripts that make a new Ubuntu 24.04 machine ready: see user-data.ts. */

/** Where a machine says what became of its setup. Readable by everybody on it. */
const STATE_FOLDER = "/var/lib/sim-pipeline";
/** A function of the shell: runs a command again, three times at most, where it fails. */
export const PATIENTLY = `patiently() {
  tried=1
  until "$@"; do
    [ "$tried" -lt 4 ] || return 1
    tried=$((tried + 1))
    echo "again in 10 s: $*"
    sleep 10
  done
}`;

/** There once everything is ready; holds the Docker daemon's version. */
export const READY_FILE = `${STATE_FOLDER}/ready`;
/** There once the setup failed: a line that names the step, then the end of what it printed. */
export const FAILED_FILE = `${STATE_FOLDER}/failed`;
export const SETUP_FILE = `${STATE_FOLDER}/setup`;
/** cloud-init runs what is in this folder at each boot. */
export const BOOT_FILE = "/var/lib/cloud/scripts/per-boot/sim-pipeline";

/** In Docker's own repository for Ubuntu 24.04, noble. */
const DOCKER = "5:29.7.2-1~ubuntu.24.04~noble";
const CONTAINERD = "2.3.4-1~ubuntu.24.04~noble";
/** Of https://download.docker.com/linux/ubuntu/gpg */
const DOCKER_KEY = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";

/**
 * At each boot: the deadline, which was fixed at the first one, then the firewall. Only SSH comes in,
 * also past Docker, whose published ports go around INPUT; containers do not reach the cloud's
 * metadata service, from which everybody may read the user data.
 */
export function bootScript(minutes: number): string {
  return `#!/bin/sh
# The deadline and the firewall of a machine that sim-pipeline rented, at each boot.
set -eu
state=${STATE_FOLDER}
mkdir -p "$state"

now=$(date +%s)
[ -s "$state/deadline" ] || echo $((now + ${minutes} * 60)) >"$state/deadline"
left=$((($(cat "$state/deadline") - now + 59) / 60))
# A clock that was set in between gives no more than the whole time.
[ "$left" -le ${minutes} ] || left=${minutes}
[ "$left" -ge 1 ] || left=1
shutdown -P "+$left"

# A chain that is named with a colon is made or emptied, and filled at the same instant.
rules() { # rules ICMP DHCP METADATA
  cat <<RULES
*filter
:SIM-PIPELINE - [0:0]
-A SIM-PIPELINE -i lo -j ACCEPT
-A SIM-PIPELINE -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A SIM-PIPELINE -p $1 -j ACCEPT
-A SIM-PIPELINE -p udp --dport $2 -j ACCEPT
-A SIM-PIPELINE -p tcp --dport 22 -j ACCEPT
-A SIM-PIPELINE -j DROP
:DOCKER-USER - [0:0]
-A DOCKER-USER -d $3 -j DROP
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER -i docker+ -j RETURN
-A DOCKER-USER -i br-+ -j RETURN
-A DOCKER-USER -j DROP
COMMIT
RULES
}
firewall() { # firewall PROGRAM ICMP DHCP METADATA
  rules "$2" "$3" "$4" | "$1-restore" -w --noflush
  "$1" -w -C INPUT -j SIM-PIPELINE 2>/dev/null || "$1" -w -I INPUT -j SIM-PIPELINE
}
firewall iptables icmp 68 169.254.169.254
if [ -e /proc/net/if_inet6 ]; then firewall ip6tables ipv6-icmp 546 fd00:ec2::254; fi
`;
}

/** Once, at the first boot. */
export function setupScript(): string {
  return `#!/bin/sh
# Makes this machine ready for sim-pipeline, and says at its end that it is, or what failed.
set -eu
export HOME=/root DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
state=${STATE_FOLDER}
log=/var/log/sim-pipeline-setup.log
step=start
exec >"$log" 2>&1

ended() {
  code=$?
  if [ "$code" -eq 0 ]; then
    echo "$version" >"$state/ready.new"
    mv "$state/ready.new" ${READY_FILE}
  else
    { echo "$step"; tail -c 4000 "$log"; } >"$state/failed.new"
    mv "$state/failed.new" ${FAILED_FILE}
  fi
}
trap ended EXIT

# What fails for a lock or the network is tried again.
${PATIENTLY}

apt() { patiently apt-get -qy -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5 "$@"; }

step="the deadline and the firewall"
${BOOT_FILE}

step="Ubuntu 24.04"
# shellcheck source=/dev/null
. /etc/os-release
[ "\${VERSION_CODENAME:-}" = noble ] || {
  echo "This is \${PRETTY_NAME:-another system}."
  exit 1
}

# Updates would take CPUs from simulations, hold apt's locks, and start the daemon anew.
step="automatic updates"
systemctl disable --now apt-daily.timer apt-daily-upgrade.timer || true
systemctl stop apt-daily.service apt-daily-upgrade.service unattended-upgrades.service || true

step="Docker's signing key"
key=/etc/apt/keyrings/docker.asc
mkdir -p "\${key%/*}"
patiently curl -fsSL --max-time 60 --output "$key" https://download.docker.com/linux/ubuntu/gpg
found="$(gpg --batch --show-keys --with-colons "$key" |
  awk -F: '$1 == "pub" { keys++ } $1 == "fpr" && !first { first = $10 } END { print keys ":" first }')"
[ "$found" = "1:${DOCKER_KEY}" ] || {
  echo "https://download.docker.com gave another key than Docker's: $found"
  exit 1
}
chmod a+r "$key"

step="Docker's packages"
echo "deb [arch=$(dpkg --print-architecture) signed-by=$key] https://download.docker.com/linux/ubuntu noble stable" \\
  >/etc/apt/sources.list.d/docker.list
apt update
apt install --no-install-recommends "docker-ce=${DOCKER}" "docker-ce-cli=${DOCKER}" "containerd.io=${CONTAINERD}"
apt-mark hold docker-ce docker-ce-cli containerd.io

step="the Docker daemon"
systemctl enable --now docker
usermod -aG docker sim
version="$(docker version --format '{{.Server.Version}}')"
`;
}
