import type { BlockSettings } from "../blocks.ts";
import type { Mesh } from "../obj.ts";
import type { Camera, Material, Scene, SceneObject, Sky } from "../scene.ts";
import { type KernelName, type Rendered, renderArea } from "../threads.ts";
import { buildView } from "../view.ts";
import { buildWorld } from "../world.ts";

const NO_MESH = (_file: string): Mesh => ({ triangles: [] });

/** Light of a radiance of 1 from everywhere. */
export const FURNACE: Sky = { horizon: [1, 1, 1], zenith: [1, 1, 1], ground: [1, 1, 1] };
export const NIGHT: Sky = { horizon: [0, 0, 0], zenith: [0, 0, 0], ground: [0, 0, 0] };

export interface Setup {
  readonly sky: Sky;
  readonly materials: Readonly<Record<string, Material>>;
  readonly objects: readonly SceneObject[];
  readonly camera?: Partial<Camera>;
}

/** Renders 16 by 16 pixels, looking from (0, 0, 5) at the origin, unless told otherwise. */
export function render(
  setup: Setup,
  settings: Partial<BlockSettings> = {},
  threads = 1,
  meshOf = NO_MESH,
  kernel: KernelName = "typescript",
): Rendered {
  const camera: Camera = {
    position: [0, 0, 5],
    target: [0, 0, 0],
    fov: 20,
    aperture: 0,
    focus: null,
    ...setup.camera,
  };
  const scene: Scene = { ...setup, camera };
  const { width = 16, height = 16 } = settings;
  return renderArea(
    buildWorld(scene, meshOf),
    buildView(camera, width / height),
    {
      width,
      height,
      area: { x: 0, y: 0, width, height },
      samples: 64,
      depth: 64,
      seed: 1,
      frame: 0,
      noiseTarget: 0,
      nextEvent: true,
      importance: true,
      stratify: true,
      roulette: true,
      ...settings,
    },
    kernel,
    threads,
  );
}

/** Mean red, green and blue of all pixels. */
export function meanOf({ pixels }: Rendered): [number, number, number] {
  const mean: [number, number, number] = [0, 0, 0];
  for (let at = 0; at < pixels.length; at += 4) {
    for (const channel of [0, 1, 2] as const) {
      mean[channel] += ((pixels[at + channel] ?? 0) * 4) / pixels.length;
    }
  }
  return mean;
}
