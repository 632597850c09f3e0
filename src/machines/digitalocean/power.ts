import { ProviderError } from "../provider.ts";
import type { Api } from "./client.ts";
import type { Timer } from "./pace.ts";
import { ANYTHING, machineOf, ONE_DROPLET } from "./schema.ts";

type Action = "power_on" | "shutdown" | "power_off";

/** Milliseconds between looks, doubling up to the last. */
const FIRST_LOOK = 1000;
const LAST_LOOK = 8000;
/** Looks after which an action counts as without effect: about 70 seconds. */
const LOOKS = 12;

/**
 * Powers a droplet on or off and waits until it is. Off is first asked of its system, so that what
 * runs can end, and then done as by the switch.
 *
 * @throws ProviderError `missing` where it is gone, `unavailable` where it does not follow.
 */
export async function switchPower(
  api: Api,
  timer: Timer,
  { id, on }: { readonly id: number; readonly on: boolean },
  signal: AbortSignal,
): Promise<void> {
  const wanted = on ? "running" : "stopped";
  const is = async () => (await stateOf(api, id, signal)) === wanted;
  if (await is()) return;
  const actions: Action[] = on ? ["power_on"] : ["shutdown", "power_off"];
  for (const action of actions) {
    try {
      await act(api, id, action, signal);
    } catch (error) {
      // Refused, since it got there in between.
      if (signal.aborted || !(await is())) throw error;
      return;
    }
    for (let look = 0; look < LOOKS; look++) {
      if (await is()) return;
      await timer.wait(Math.min(FIRST_LOOK * 2 ** look, LAST_LOOK), signal);
    }
  }
  throw new ProviderError(
    "unavailable",
    `Droplet ${id} did not power ${on ? "on" : "off"} in time.\nLook at it in the control panel (https://cloud.digitalocean.com/droplets/${id}), or try again.`,
  );
}

async function stateOf(api: Api, id: number, signal: AbortSignal) {
  const { data } = await api(
    {
      action: `Cannot look at droplet ${id}`,
      oneThing: true,
      repeatable: true,
      schema: ONE_DROPLET,
      send: (dots) => dots.droplet.getDroplet({ droplet_id: id }),
    },
    signal,
  );
  return machineOf(data.droplet).state;
}

async function act(api: Api, id: number, action: Action, signal: AbortSignal): Promise<void> {
  const about = { droplet_id: id };
  await api(
    {
      action: `Cannot ${action.replace("_", " ")} droplet ${id}`,
      oneThing: true,
      // The second of two would find the droplet as it is wanted.
      repeatable: true,
      schema: ANYTHING,
      send: (dots) => {
        if (action === "power_on") return dots.droplet.powerOnDroplet(about);
        if (action === "shutdown") return dots.droplet.shutdownDroplet(about);
        return dots.droplet.powerOffDroplet(about);
      },
    },
    signal,
  );
}
