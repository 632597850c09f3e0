import { describe, expect, it } from "vitest";
import { pinImage } from "../../src/actions/pin-image.ts";

const { signal } = new AbortController();
const digest = `sha256:${"a".repeat(64)}`;

describe("an image by its digest", () => {
  it("stays as it is where it has one, and nobody is asked", async () => {
    const image = `nowhere.invalid/a/b@${digest}`;
    expect(await pinImage(image, {}, signal)).toEqual({ kind: "pinned", image });
  });

  it("is not known where the registry cannot be reached, which is said", async () => {
    // A port that nobody listens to.
    const found = await pinImage("127.0.0.1:1/a/b:1", {}, signal);
    expect(found.kind === "unknown" && found.why).toContain("127.0.0.1:1");
  });

  it.skipIf(!process.env.SIM_LAB_MIRROR)("is asked of the registry (needs the lab)", async () => {
    const found = await pinImage(
      `${process.env.SIM_LAB_MIRROR}/library/busybox:stable`,
      {},
      signal,
    );
    expect(found.kind === "pinned" && found.image).toMatch(
      /\/library\/busybox@sha256:[0-9a-f]{64}$/,
    );
  });

  it.skipIf(!process.env.SIM_LAB_MIRROR)(
    "that the registry lacks is said (needs the lab)",
    async () => {
      const found = await pinImage(
        `${process.env.SIM_LAB_MIRROR}/library/no-such-image`,
        {},
        signal,
      );
      expect(found).toMatchObject({ kind: "unknown", why: expect.stringContaining("no image") });
    },
  );
});
