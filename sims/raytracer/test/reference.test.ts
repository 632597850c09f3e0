import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cameraAt } from "../scene.ts";
import { loadScene } from "../scene-file.ts";
import { scenes } from "../scenes.ts";
import { readLinear } from "./linear.ts";
import { render } from "./render.ts";

// Made by: node main.ts --scene NAME --width 40 --height 30 --samples 4096 --linear on
for (const name of Object.keys(scenes)) {
  test(`${name} looks like its reference`, () => {
    const reference = readLinear(
      readFileSync(join(import.meta.dirname, "reference", `${name}.f32`)),
    );
    const { scene, meshOf } = loadScene(name);
    const settings = { width: 40, height: 30, samples: 128, seed: 2 };
    const camera = cameraAt(scene, 0, 1);
    const { pixels } = render({ ...scene, camera }, settings, 1, meshOf);
    let [squares, difference, light] = [0, 0, 0];
    pixels.forEach((value, index) => {
      if (index % 4 === 3) return;
      // Fireflies are noise: what is brighter than white is white.
      const [found, expected] = [
        Math.min(1, value),
        Math.min(1, reference.pixels[index] ?? Number.NaN),
      ];
      squares += (found - expected) ** 2;
      difference += found - expected;
      light += expected;
    });
    const error = Math.sqrt(squares / (pixels.length * 0.75));
    assert.ok(error < 0.04, `the error is ${error}`);
    assert.ok(Math.abs(difference / light) < 0.01, `brighter by ${difference / light}`);
  });
}
