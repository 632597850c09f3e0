import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  choice,
  flag,
  lines,
  namedSecrets,
  optionalFlag,
  optionalText,
  optionalWholeNumber,
  secret,
  text,
  wholeNumber,
  wholeNumberOr,
} from "../../src/actions/inputs.ts";
import { ReportedError } from "../../src/sweep/errors.ts";

const engines = ["auto", "docker", "process"] as const;
const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => printed.push(String(chunk)) > 0);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** As the runner hands an input over. */
function given(value: string | undefined, name = "SOME-INPUT"): void {
  vi.stubEnv(`INPUT_${name}`, value);
}

const readers: Record<string, () => unknown> = {
  text: () => text("some-input"),
  optionalText: () => optionalText("some-input"),
  lines: () => lines("some-input"),
  flag: () => flag("some-input"),
  optionalFlag: () => optionalFlag("some-input"),
  "wholeNumber 1 to 256": () => wholeNumber("some-input", { least: 1, most: 256 }),
  "wholeNumber from 0": () => wholeNumber("some-input", { least: 0 }),
  "optionalWholeNumber 1 to 256": () => optionalWholeNumber("some-input", { least: 1, most: 256 }),
  "wholeNumberOr auto": () => wholeNumberOr("some-input", "auto", { least: 1 }),
  choice: () => choice("some-input", engines),
};

it.each<[reader: string, value: string | undefined, expected: unknown]>([
  ["text", " a sweep.yaml\n", "a sweep.yaml"],
  ["optionalText", "x", "x"],
  ["optionalText", "  ", null],
  ["optionalText", undefined, null],
  ["lines", "a=1\n\n  # b=2 \r\nc=3\rd=4\n", ["a=1", "# b=2", "c=3", "d=4"]],
  ["lines", " \n \n", []],
  ["lines", undefined, []],
  ...["true", "True", "TRUE", " true "].map((value): [string, string, true] => [
    "flag",
    value,
    true,
  ]),
  ...["false", "False", "FALSE"].map((value): [string, string, false] => ["flag", value, false]),
  ["optionalFlag", "true", true],
  ["optionalFlag", "", null],
  ["wholeNumber 1 to 256", "1", 1],
  ["wholeNumber 1 to 256", "256", 256],
  ["wholeNumber from 0", "0", 0],
  ["wholeNumber from 0", "9007199254740991", Number.MAX_SAFE_INTEGER],
  ["optionalWholeNumber 1 to 256", "20", 20],
  ["optionalWholeNumber 1 to 256", undefined, null],
  ["wholeNumberOr auto", "auto", "auto"],
  ["wholeNumberOr auto", "4", 4],
  ["choice", "docker", "docker"],
])("%s reads %j as %j", (reader, value, expected) => {
  given(value);
  expect(readers[reader]?.()).toEqual(expected);
});

const missing = 'The input "some-input" is missing. ';
const number = "a whole number from 1 to 256";

it.each<[reader: string, value: string | undefined, message: string]>([
  ["text", undefined, `${missing}Set it under "with:" of the step.`],
  ["text", " \n", `${missing}Set it under "with:" of the step.`],
  ["flag", "", `${missing}Write true or false under "with:" of the step.`],
  ["flag", "yes", 'The input "some-input" is "yes": write true or false.'],
  ["flag", "tRUE", 'The input "some-input" is "tRUE": write true or false.'],
  ["optionalFlag", "1", 'The input "some-input" is "1": write true or false.'],
  ["wholeNumber 1 to 256", "", `${missing}Write ${number} under "with:" of the step.`],
  ...["0", "257", "-1", "1.5", "1e2", "007", "0x10", "twenty", "1 2", "9".repeat(40)].map(
    (value): [string, string, string] => [
      "wholeNumber 1 to 256",
      value,
      `The input "some-input" is "${value}": write ${number}.`,
    ],
  ),
  [
    "wholeNumber from 0",
    "9007199254740992",
    'The input "some-input" is "9007199254740992": write a whole number from 0.',
  ],
  ["optionalWholeNumber 1 to 256", "no", `The input "some-input" is "no": write ${number}.`],
  [
    "wholeNumberOr auto",
    "",
    `${missing}Write auto, or a whole number from 1 under "with:" of the step.`,
  ],
  [
    "wholeNumberOr auto",
    "Auto",
    'The input "some-input" is "Auto": write auto, or a whole number from 1.',
  ],
  ["choice", "", `${missing}Write auto, docker or process under "with:" of the step.`],
  [
    "choice",
    "dokcer",
    'The input "some-input" is "dokcer": did you mean docker? Write auto, docker or process.',
  ],
  ["choice", "swarm", 'The input "some-input" is "swarm": write auto, docker or process.'],
  [
    "choice",
    "a\n::set-env::b",
    'The input "some-input" is "a\\n::set-env::b": write auto, docker or process.',
  ],
  [
    "choice",
    "x".repeat(1000),
    `The input "some-input" is "${"x".repeat(100)}…": write auto, docker or process.`,
  ],
])("%s refuses %j", (reader, value, message) => {
  given(value);
  expect(readers[reader]).toThrow(
    expect.objectContaining({ constructor: ReportedError, exitCode: 2, message }),
  );
  expect(printed).toEqual([]);
});

it("masks a secret before it returns it", () => {
  given("s3cr3t%\nsecond line");
  expect(secret("some-input")).toBe("s3cr3t%\nsecond line");
  expect(printed.join("")).toBe("::add-mask::s3cr3t%25%0Asecond line\n");
});

it("masks nothing where there is no secret", () => {
  given("");
  expect(secret("some-input")).toBeNull();
  expect(printed).toEqual([]);
});

it("masks the values of named secrets", () => {
  given("KEY=a=b\n\nother.key-2 = x\n".replace(" = ", "="));
  expect([...namedSecrets("some-input")]).toEqual([
    ["KEY", "a=b"],
    ["other.key-2", "x"],
  ]);
  expect(printed.join("")).toBe("::add-mask::a=b\n::add-mask::x\n");
});

it.each([
  ["KEY=first line\nsecond line of it", 'Line 2 of the input "some-input" is not NAME=value.'],
  ["KEY=", 'Line 1 of the input "some-input" is not NAME=value.'],
  ["=hidden", 'Line 1 of the input "some-input" is not NAME=value.'],
  ["KEY=one\nKEY=two", 'The input "some-input" has KEY twice: remove one of the lines.'],
])("refuses the named secrets %j without showing them", (value, message) => {
  given(value);
  expect(() => namedSecrets("some-input")).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) }),
  );
  expect(() => namedSecrets("some-input")).not.toThrow(/second line|hidden|one$|two$/);
  expect(printed.join("")).toContain("::add-mask::");
});
