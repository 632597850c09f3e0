import { describe, expect, test } from "vitest";
import { type ImageContent, imageIdentity, platformOf } from "../../src/registry/identity.ts";

const image: ImageContent = {
  layers: ["sha256:a", "sha256:b"],
  os: "linux",
  architecture: "amd64",
  variant: "",
  config: {
    env: ["PATH=/bin", "A=1"],
    entrypoint: ["node"],
    cmd: ["main.ts"],
    workdir: "/app",
    user: "node",
    volumes: ["/b", "/a"],
  },
};
const config = (changes: Partial<ImageContent["config"]>): ImageContent => ({
  ...image,
  config: { ...image.config, ...changes },
});

describe("an image's identity", () => {
  test("is a sha256 that no version of ours may change, since it is in every key", () => {
    expect(imageIdentity(image)).toBe(
      "sha256:05a433cf058a04115616bbe259c702e7236170340d8e1eff9abd0927fdc10437",
    );
  });

  test.each<[string, ImageContent]>([["the order of volumes", config({ volumes: ["/a", "/b"] })]])(
    "does not depend on %s",
    (_, same) => {
      expect(imageIdentity(same)).toBe(imageIdentity(image));
    },
  );

  test("takes no working directory for the root, as Docker does", () => {
    expect(imageIdentity(config({ workdir: "" }))).toBe(imageIdentity(config({ workdir: "/" })));
  });

  test.each<[string, ImageContent]>([
    ["the layers", { ...image, layers: ["sha256:a"] }],
    ["the order of layers", { ...image, layers: ["sha256:b", "sha256:a"] }],
    ["the platform", { ...image, architecture: "arm64" }],
    ["the environment", config({ env: ["PATH=/bin"] })],
    [
      "the order of the environment, of which the last counts",
      config({ env: ["A=1", "PATH=/bin"] }),
    ],
    ["the entry point", config({ entrypoint: [] })],
    ["where the entry point ends", config({ entrypoint: ["node", "main.ts"], cmd: [] })],
    ["the command", config({ cmd: [] })],
    ["the working directory", config({ workdir: "/" })],
    ["the user", config({ user: "" })],
    ["the volumes", config({ volumes: [] })],
  ])("depends on %s", (_, other) => {
    expect(imageIdentity(other)).not.toBe(imageIdentity(image));
  });
});

describe("a platform's name", () => {
  test.each([
    ["linux", "amd64", "", "linux/amd64"],
    ["linux", "arm64", "", "linux/arm64"],
    ["linux", "arm64", "v8", "linux/arm64"],
    ["linux", "arm", "v7", "linux/arm/v7"],
  ])("%s %s %s is %s", (os, architecture, variant, name) => {
    expect(platformOf({ os, architecture, variant })).toBe(name);
  });
});
