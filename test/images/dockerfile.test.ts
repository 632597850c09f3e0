import { describe, expect, test } from "vitest";
import { imagesOf } from "../../src/images/dockerfile.ts";

const bases = (content: string, args: Record<string, string> = {}) =>
  imagesOf(content, new Map(Object.entries(args))).bases;

describe("the images that a Dockerfile is built upon", () => {
  test.each<[string, string, string[]]>([
    ["one FROM", "FROM node:24\nRUN true\n", ["node:24"]],
    ["in any case", "from node:24 as base\nFROM Base\n", ["node:24"]],
    ["scratch is none", "FROM scratch\nCOPY a /a\n", []],
    ["stages are none", "FROM a AS x\nFROM x AS y\nFROM b\nCOPY --from=y /f /f\n", ["a", "b"]],
    [
      "flags",
      "FROM --platform=$BUILDPLATFORM golang:1 AS build\nFROM alpine\n",
      ["golang:1", "alpine"],
    ],
    ["a digest", "FROM node:24@sha256:ab\n", ["node:24@sha256:ab"]],
    ["each once", "FROM a\nFROM a AS b\n", ["a"]],
    [
      "copied from",
      "FROM a\nCOPY --chown=1 --from=ghcr.io/o/tool:1 /t /t\n",
      ["a", "ghcr.io/o/tool:1"],
    ],
    ["copied from a stage's number", "FROM a\nFROM b\nCOPY --from=0 /t /t\n", ["a", "b"]],
    ["mounted from", "FROM a\nRUN --mount=type=bind,from=tool:2,target=/t /t\n", ["a", "tool:2"]],
    ["comments and empty lines", "# FROM x\n\n  # FROM y\nFROM a\n", ["a"]],
    ["a continued line", "FROM \\\n  # why\n\n  a \\\n  AS b\nFROM b\n", ["a"]],
    ["another escape", "# escape=`\nFROM `\n a\nRUN dir c:\\\nFROM b\n", ["a", "b"]],
    ["a here-document", "FROM a\nRUN <<EOF\nFROM x\nEOF\nFROM b\n", ["a", "b"]],
    [
      "two here-documents, tabs",
      "FROM a\nCOPY <<-A <<'B' /x/\nFROM x\n\tA\nFROM y\nB\nFROM b\n",
      ["a", "b"],
    ],
    ["Windows line ends", "FROM a\r\nFROM b\r\n", ["a", "b"]],
    ["no end of the last line", "FROM a", ["a"]],
  ])("%s", (_, content, expected) => {
    expect(bases(content)).toEqual(expected);
  });
});

describe("ARGs before the first FROM are put in", () => {
  test.each<[string, string, Record<string, string>, string[]]>([
    ["the default", "ARG V=24\nFROM node:$V\n", {}, ["node:24"]],
    ["a build argument", `ARG V=24\nFROM node:\${V}-slim\n`, { V: "26" }, ["node:26-slim"]],
    ["quotes", 'ARG I="node:24"\nFROM "$I"\n', {}, ["node:24"]],
    ["one in another", "ARG V=24\nARG I=node:$V\nFROM $I\n", {}, ["node:24"]],
    ["several in a line", "ARG A=x B=y\nFROM $A-$B\n", {}, ["x-y"]],
    ["a default in the place", `FROM node:\${V:-24}\n`, {}, ["node:24"]],
    ["text where it is set", `ARG V=1\nFROM node:24\${V:+-slim}\n`, {}, ["node:24-slim"]],
    ["an ARG of a stage is none", "ARG V=1\nFROM a:$V\nARG V=2\nFROM b:$V\n", {}, ["a:1", "b:1"]],
    ["a platform's stays", "FROM tool-$TARGETARCH:1\n", {}, ["tool-$TARGETARCH:1"]],
  ])("%s", (_, content, args, expected) => {
    expect(bases(content, args)).toEqual(expected);
  });

  test.each([
    ["an ARG without a value", "ARG I\n\nFROM $I\n", /Dockerfile:3: FROM \$I has no image/],
    ["a tag alone", "FROM :$V\n", /Dockerfile:1: .*default before the first FROM/s],
    ["nothing", "FROM\n", /Dockerfile:1:/],
  ])("%s: exit 2 with its line", (_, content, message) => {
    expect(() => bases(content)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });
});

test("stages are named in lower case", () => {
  expect(imagesOf("FROM a AS Base\nFROM base AS test\nFROM b\n", new Map()).stages).toEqual([
    "base",
    "test",
  ]);
});
