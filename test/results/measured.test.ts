import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { measuredPoints, measuredScaling } from "../../src/results/measured.ts";

/** The columns of run.db's points that count here. */
function points(
  ...rows: readonly { status: string; seconds: number | null; cpu: number | null }[]
) {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE points (status TEXT, seconds REAL, cpu_seconds REAL)");
  const insert = database.prepare("INSERT INTO points VALUES (?, ?, ?)");
  for (const { status, seconds, cpu } of rows) insert.run(status, seconds, cpu);
  return database;
}
const done = (seconds: number | null, cpu: number | null) => ({
  status: "succeeded",
  seconds,
  cpu,
});

it("measures succeeded points alone, by their CPU seconds, or seconds where these are missing", () => {
  using database = points(done(10, 18), done(30, null), { status: "failed", seconds: 99, cpu: 99 });
  expect(measuredPoints(database)).toEqual({ points: 2, cpuSeconds: 24, longest: 30 });
});

it("counts the seconds of points that wait for something else than a processor", () => {
  using database = points(done(20, 0.1), done(20, 0.1));
  expect(measuredPoints(database)).toEqual({ points: 2, cpuSeconds: 20, longest: 20 });
});

it("has nothing to say where nothing succeeded", () => {
  using database = points({ status: "failed", seconds: 1, cpu: 1 });
  expect(measuredPoints(database)).toBeNull();
  expect(measuredScaling(database, { cpus: 2, workers: 1 })).toBeNull();
});

it.each([
  ["all processors for one at a time", { cpus: 8, workers: 1 }, 8],
  ["shared among workers", { cpus: 8, workers: 2 }, 4],
  ["never more at once than there were points", { cpus: 8, workers: 100 }, 4],
  ["at least one", { cpus: 1, workers: 2 }, 1],
])("tells how many processors a point had: %s", (_, run, cores) => {
  using database = points(done(10, 18), done(20, 22));
  expect(measuredScaling(database, run)).toEqual({
    cpuSeconds: 20,
    seconds: 15,
    longest: 20,
    cores,
  });
});

it("needs CPU seconds to tell how points scale", () => {
  using database = points(done(10, null));
  expect(measuredScaling(database, { cpus: 2, workers: 1 })).toBeNull();
});
