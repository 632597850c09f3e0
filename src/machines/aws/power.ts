import { backoff, type Clock } from "../clock.ts";
import { ProviderError } from "../provider.ts";
import type { Ec2 } from "./client.ts";

/** Looks after which a switch counts as without effect: some three minutes. */
const LOOKS = 16;

/**
 * Stops or starts an instance and waits until it is. A stop is not the shutdown that ends it: the
 * system is asked to power off by EC2 itself, which keeps the disk.
 *
 * @throws ProviderError `missing` where it is gone, `unavailable` where it does not follow.
 */
export async function switchPower(
  ec2: Ec2,
  clock: Clock,
  { id, on }: { readonly id: string; readonly on: boolean },
  signal: AbortSignal,
): Promise<void> {
  const wanted = on ? "running" : "stopped";
  if ((await stateOf(ec2, id, signal)) === wanted) return;
  const ids = { InstanceIds: [id] };
  await ec2.call(
    { action: `Cannot ${on ? "start" : "stop"} instance ${id}`, oneThing: true },
    async (client, options) => {
      if (on) await client.send(new ec2.sdk.StartInstancesCommand(ids), options);
      else await client.send(new ec2.sdk.StopInstancesCommand(ids), options);
    },
    signal,
  );
  for (let look = 1; look <= LOOKS; look++) {
    if ((await stateOf(ec2, id, signal)) === wanted) return;
    await clock.wait(backoff(look), signal);
  }
  throw new ProviderError(
    "unavailable",
    `Instance ${id} is not ${wanted} after some minutes.\nLook at it in the console (https://console.aws.amazon.com/ec2), or try again.`,
  );
}

async function stateOf(ec2: Ec2, id: string, signal: AbortSignal): Promise<string> {
  const { Reservations = [] } = await ec2.call(
    { action: `Cannot look at instance ${id}`, oneThing: true },
    (client, options) =>
      client.send(new ec2.sdk.DescribeInstancesCommand({ InstanceIds: [id] }), options),
    signal,
  );
  const state = Reservations[0]?.Instances?.[0]?.State?.Name;
  if (state !== undefined && state !== "terminated" && state !== "shutting-down") return state;
  throw new ProviderError("missing", `Instance ${id} is gone.`);
}
