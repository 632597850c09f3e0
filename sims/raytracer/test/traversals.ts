import { makeTraversal, RAY, type Traversal } from "../traverse.ts";
import { compileKernel, instantiate, placeWorld } from "../wasm-kernel.ts";
import type { World } from "../world.ts";

/** Both ways to follow rays through a world. */
export const traversals: Readonly<Record<string, (world: World) => Traversal>> = {
  typescript: makeTraversal,
  wasm: makeWasmTraversal,
};

function makeWasmTraversal(world: World): Traversal {
  const { call, variable } = instantiate(
    placeWorld(compileKernel(), world, new Float64Array(), 1),
    0,
  );
  const [closest, blocked] = [call("closest"), call("blocked")];
  const far = variable("far");
  const ray = new Float64Array(9);
  return {
    ray,
    closest() {
      const found = Number(closest(...ray.subarray(0, RAY.far)));
      ray[RAY.far] = Number(far.value);
      return found;
    },
    blocked: () => blocked(...ray.subarray(0, RAY.far + 1)) === 1,
  };
}
