/** The shell scripts by which a machine becomes a host of GitHub's runners: see runner-host.ts. */

import { PATIENTLY } from "../machines/setup-script.ts";
import type { RunnerRelease } from "./runner-release.ts";

/** Where the runners' output goes, which holds nothing secret; readable by root. */
export const RUNNER_LOG = "/var/log/sim-pipeline-runner.log";

/** Reads as many configurations as it is told, a line each, and starts to serve them. */
export const RUNNER_START = "/opt/sim-pipeline/start-runners";

/** Held by root for as long as the first runner runs. */
export const FIRST_RUNNER = "/run/sim-pipeline-runners/first";

const SERVE = "/opt/sim-pipeline/serve-runners";
/** The user that runners and their jobs are: no sudo, and Docker, which a sweep's points run in. */
const USER = "runner";
const FOLDER = "/opt/actions-runner";
/** In memory: /run is a tmpfs. Of root, so that no job reads the configurations of those after it. */
const CONFIGS = "/run/sim-pipeline-runners";

/**
 * Makes the user, and unpacks the release in a folder of that user's, since a runner updates itself.
 * Prints nothing; where it fails, the step and the end of its output. May be run again.
 */
export function runnerSetup({ url, sha256 }: RunnerRelease): string {
  return `set -eu
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
log=${RUNNER_LOG}
step=start
exec 3>&2 >>"$log" 2>&1
chmod 600 "$log"
ended() {
  code=$?
  [ "$code" -eq 0 ] || { echo "installing GitHub's runner failed at $step:"; tail -n 20 "$log"; } >&3
  exit "$code"
}
trap ended EXIT
${PATIENTLY}

step="the machine's processor"
[ "$(uname -m)" = x86_64 ] || {
  echo "It is $(uname -m), and the runner is for x86_64: choose another size."
  exit 1
}

step="the user ${USER}"
id -u ${USER} || useradd --create-home --shell /bin/bash --groups docker ${USER}

step="the package ${url}"
if ! [ -e ${FOLDER}/.ready ]; then
  rm -rf ${FOLDER}
  install -d -m 755 -o ${USER} -g ${USER} ${FOLDER}
  package=/opt/actions-runner.tar.gz
  patiently curl -fsSL --connect-timeout 30 --max-time 600 --output "$package" ${url}
  echo "${sha256}  $package" | sha256sum --check || {
    echo "It is another one than the pinned: its sum is not ${sha256}."
    exit 1
  }
  runuser -u ${USER} -- tar -xzf "$package" -C ${FOLDER}
  rm -f "$package"

  step="the packages that the runner needs"
  cd ${FOLDER}
  patiently ./bin/installdependencies.sh </dev/null
  touch .ready
fi

step="the scripts"
mkdir -p /opt/sim-pipeline
cat >${SERVE} <<'SERVE'
${SERVE_SCRIPT}SERVE
cat >${RUNNER_START} <<'START'
${START_SCRIPT}START
chmod 755 ${SERVE} ${RUNNER_START}
`;
}

/**
 * Runs GitHub's runner once for each configuration, one after the other, whatever became of the one
 * before. It gets its configuration through the environment, as it takes all its inputs
 * (ACTIONS_RUNNER_INPUT_*: src/Runner.Listener/CommandSettings.cs of actions/runner), so that none is
 * in anybody's arguments. Nothing of a job is left to the next one: processes, containers, files.
 */
const SERVE_SCRIPT = `#!/bin/sh
# Runs GitHub's runners on a machine that sim-pipeline rented, one after the other.
cd ${FOLDER} || exit 1
for config in ${CONFIGS}/*.jit; do
  [ -s "$config" ] || continue
  ACTIONS_RUNNER_INPUT_JITCONFIG=$(cat "$config")
  export ACTIONS_RUNNER_INPUT_JITCONFIG
  rm -f "$config"
  echo "$(date -u +%FT%TZ) runner $(basename "$config" .jit) starts"
  runuser -u ${USER} -- ./run.sh </dev/null 8>&-
  echo "$(date -u +%FT%TZ) runner $(basename "$config" .jit) ended with $?"
  exec 8>&-
  unset ACTIONS_RUNNER_INPUT_JITCONFIG
  pkill -KILL -u ${USER}
  docker ps --all --quiet | xargs -r docker rm --force >/dev/null
  rm -rf _work .runner .credentials .credentials_rsaparams
done
`;

/** A line that did not come whole, as of a connection that broke, starts nothing. */
const START_SCRIPT = `#!/bin/sh
# start-runners COUNT: so many configurations of GitHub's runners come on standard input, a line each.
set -eu
umask 077
mkdir -p ${CONFIGS}
exec 9>${CONFIGS}/lock
flock 9
[ ! -e ${CONFIGS}/started ] || exit 0
rm -f ${CONFIGS}/*.jit
count=0
while IFS= read -r config; do
  count=$((count + 1))
  printf '%s' "$config" >"${CONFIGS}/$(printf %03d "$count").jit"
done
[ "$count" -eq "$1" ] || {
  echo "$count of $1 configurations came" >&2
  exit 1
}
touch ${CONFIGS}/started
exec 8>${FIRST_RUNNER}
flock 8
setsid --fork env -i LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
  ${SERVE} </dev/null >>${RUNNER_LOG} 2>&1 9>&-
`;
