import type { Row } from "../../src/results/layout.ts";

/** A succeeded point, but for what the test is about. */
export function row(own: Partial<Row>): Row {
  return {
    name: "p",
    status: "succeeded",
    cached: false,
    exit_code: 0,
    attempts: 1,
    seconds: 1.5,
    cpu_seconds: 1.25,
    peak_memory: 4096,
    parameters: {},
    metrics: {},
    ...own,
  };
}
