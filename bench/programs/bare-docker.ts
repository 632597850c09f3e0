/**
 * The loop that everything else is measured against: create, start, wait, remove. Prints the
 * milliseconds of this process's CPU for each.
 */
import Docker from "dockerode";

const [image = "", count = "0", concurrency = "1", hostConfig = "{}"] = process.argv.slice(2);
const docker = new Docker();
let left = Number(count);
const before = process.cpuUsage();

async function worker(): Promise<void> {
  while (left-- > 0) {
    const container = await docker.createContainer({
      Image: image,
      Cmd: ["true"],
      HostConfig: { NetworkMode: "none", ...JSON.parse(hostConfig) },
    });
    await container.start();
    const { StatusCode } = await container.wait();
    if (StatusCode !== 0) throw new Error(`exit code ${StatusCode}`);
    await container.remove();
  }
}

await Promise.all(Array.from({ length: Number(concurrency) }, worker));
const { user, system } = process.cpuUsage(before);
process.stdout.write(String((user + system) / 1000 / Number(count)));
