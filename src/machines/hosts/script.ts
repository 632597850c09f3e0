/** The shell scripts that look at a host, reserve it and give it back. POSIX, and flock. */

import type { Tags } from "../provider.ts";

/**
 * A host is reserved by one file in the user's home there, which is written and removed under a
 * lock. All times are the host's own.
 */
const PRELUDE = `set -eu
umask 077
PATH="$PATH:/usr/local/bin:/usr/bin:/bin"
folder="$HOME/.sim-pipeline"
lease="$folder/lease"

locked() {
  mkdir -p "$folder"
  exec 9>"$folder/lock"
  flock 9
}

field() { sed -n "s/.*\\"$1\\":\\"\\{0,1\\}\\([a-z0-9-]*\\).*/\\1/p" "$lease"; }

# Containers of a run; others' and its images stay.
end_run() {
  [ -n "$1" ] || return 0
  for _ in 1 2 3; do
    ids="$(docker ps -aq --filter "label=sim-pipeline.run=$1")"
    [ -n "$ids" ] || return 0
    # shellcheck disable=SC2086
    docker rm -f -v $ids >/dev/null 2>&1 || true
  done
  echo "containers of $1 do not end" >&2
  return 1
}

# Whatever Docker says, in one line.
oneline() { tr '\\n' ' ' | cut -c 1-300; }

echo "time $(date +%s)"
`;

const SHOW = `if [ -e "$lease" ]; then printf 'lease '; head -n 1 "$lease"; fi
`;

/** Tells the time and the reservation. */
export const listScript = `${PRELUDE}${SHOW}`;

/** Tells the same, and what Docker has there: CPUs, bytes, system, and processor. */
export const probeScript = `${PRELUDE}${SHOW}
command -v flock >/dev/null || echo "lacks flock"
if ! command -v docker >/dev/null; then
  echo "lacks docker"
elif said="$(docker info --format '{{.NCPU}} {{.MemTotal}} {{.OSType}} {{.Architecture}}' 2>&1)"; then
  echo "docker $(echo "$said" | tail -n 1)"
else
  echo "refused $(echo "$said" | oneline)"
fi
`;

export interface Reservation {
  readonly name: string;
  readonly size: string;
  readonly tags: Tags;
  /** After which others may take the host. */
  readonly minutes: number;
}

/**
 * Reserves the host, unless somebody else has it and his time is not over; of one whose time is over,
 * the run's containers end. The same name again changes nothing.
 */
export function reserveScript({ name, size, tags, minutes }: Reservation): string {
  const rest = JSON.stringify({ name, size, tags }).slice(1);
  return `${PRELUDE}
locked
now="$(date +%s)"
if [ -e "$lease" ] && [ "$(field name)" != ${name} ]; then
  until="$(field until)"
  if [ -z "$until" ] || [ "$now" -lt "$until" ]; then
    printf 'taken '
    head -n 1 "$lease"
    exit 0
  fi
  end_run "$(field run)"
  rm -f "$lease"
fi
if ! [ -e "$lease" ]; then
  printf '{"version":1,"created":%s,"until":%s,%s\\n' "$now" "$((now + ${minutes * 60}))" '${rest}' >"$lease.new"
  mv "$lease.new" "$lease"
fi
${SHOW}`;
}

/** Ends the containers of the reservation's run and gives the host back; another's is left alone. */
export function releaseScript(name: string): string {
  return `${PRELUDE}
[ -e "$lease" ] || exit 0
locked
[ -e "$lease" ] && [ "$(field name)" = ${name} ] || exit 0
end_run "$(field run)"
rm -f "$lease"
`;
}
