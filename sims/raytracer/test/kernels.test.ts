import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockSettings } from "../blocks.ts";
import { cameraAt } from "../scene.ts";
import { loadScene } from "../scene-file.ts";
import { scenes } from "../scenes.ts";
import { render } from "./render.ts";

const switches: readonly { name: string; settings: Partial<BlockSettings> }[] = [
  { name: "all on", settings: {} },
  { name: "no next event", settings: { nextEvent: false } },
  { name: "no importance", settings: { importance: false } },
  { name: "no stratification", settings: { stratify: false } },
  { name: "no roulette", settings: { roulette: false } },
  {
    name: "all off",
    settings: { nextEvent: false, importance: false, stratify: false, roulette: false },
  },
  { name: "few bounces", settings: { depth: 2 } },
  { name: "a noise target", settings: { noiseTarget: 0.2, samples: 64 } },
  { name: "a tile", settings: { area: { x: 8, y: 8, width: 9, height: 6 } } },
  { name: "a large seed and a later frame", settings: { seed: Number.MAX_SAFE_INTEGER, frame: 7 } },
];

for (const scene of Object.keys(scenes)) {
  for (const { name, settings } of switches) {
    test(`both kernels give the same picture of ${scene}, ${name}`, () => {
      const [plain, wasm] = (["typescript", "wasm"] as const).map((kernel) => {
        const { scene: loaded, meshOf } = loadScene(scene);
        const camera = cameraAt(loaded, 0, 1);
        const all = { width: 40, height: 30, samples: 4, ...settings };
        return render({ ...loaded, camera }, all, 1, meshOf, kernel);
      });
      assert.ok(plain && wasm);
      // The sine and the cube root of Math differ in the last bit between platforms: a path may go
      // another way, once in a long while.
      let others = 0;
      plain.pixels.forEach((value, index) => {
        const found = wasm.pixels[index] ?? Number.NaN;
        if (!(Math.abs(found - value) <= 1e-5 * Math.max(1, value))) others++;
      });
      assert.ok(others <= plain.pixels.length / 500, `${others} of ${plain.pixels.length} differ`);
      assert.ok(Math.abs(wasm.rays / plain.rays - 1) < 1e-3, `${wasm.rays} and ${plain.rays} rays`);
    });
  }
}
