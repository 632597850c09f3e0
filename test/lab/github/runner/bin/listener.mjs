/**
 * In the place of actions/runner's listener, on a machine of the lab: takes its configuration as that
 * does, writes the files that it is made of, is online at the stand-in for GitHub for as long as its
 * connection stands, and ends after one job. A job is a shell command.
 */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createInterface } from "node:readline";

if (process.getuid() === 0) fail("Must not run interactively with sudo");
const encoded = process.env.ACTIONS_RUNNER_INPUT_JITCONFIG ?? "";
if (encoded === "") fail("no configuration in ACTIONS_RUNNER_INPUT_JITCONFIG");
if (process.argv.join(" ").includes(encoded)) fail("the configuration is in the arguments");
const files = JSON.parse(Buffer.from(encoded, "base64").toString());
for (const [name, content] of Object.entries(files)) {
  if (!/^\.(runner|credentials|credentials_rsaparams)$/.test(name)) fail(`a file ${name}`);
  writeFileSync(name, Buffer.from(content, "base64"), { mode: 0o600 });
}
const settings = JSON.parse(readFileSync(".runner", "utf8"));
const { data } = JSON.parse(readFileSync(".credentials", "utf8"));
for (const wanted of ["AgentName", "ServerUrl", "WorkFolder", "Ephemeral"]) {
  if (!(wanted in settings)) fail(`no ${wanted} in .runner`);
}

console.log("√ Connected to GitHub");
const session = await open("session");
for await (const line of createInterface(session)) {
  const { job, script } = JSON.parse(line);
  console.log(`Running job: ${job}`);
  const { status } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  const result = status === 0 ? "Succeeded" : "Failed";
  console.log(`Job ${job} completed with result: ${result}`);
  (await open("done", { job, result })).resume();
  process.exit(0);
}
fail("the session has ended");

async function open(what, body = {}) {
  const { clientId } = data;
  const sent = request(`${settings.ServerUrl}/_runner/${what}`, { method: "POST" });
  sent.end(JSON.stringify({ ...body, clientId }));
  const response = await new Promise((resolve, reject) => {
    sent.on("response", resolve);
    sent.on("error", reject);
  });
  if (response.statusCode !== 200) fail(`${what} is refused: ${response.statusCode}`);
  return response;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
