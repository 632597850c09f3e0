import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { jsonSchema, referencePage } from "../../scripts/sweep-reference.ts";

const written = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

describe("what is generated from the schema is up to date (npm run generate)", () => {
  test("sweep.schema.json", () => {
    expect(JSON.parse(written("sweep.schema.json"))).toEqual(
      JSON.parse(JSON.stringify(jsonSchema())),
    );
  });

  test("docs/sweep-file.md", () => {
    expect(written("docs/sweep-file.md")).toBe(referencePage());
  });
});

test("the JSON Schema has keys as the file writes them, described, and no others", () => {
  expect(jsonSchema()).toMatchObject({
    additionalProperties: false,
    required: ["name", "command"],
    properties: {
      "idle-timeout": { type: "string", description: expect.stringContaining("log byte") },
      retries: { properties: { "memory-factor": { default: 1 } }, additionalProperties: false },
    },
  });
});
