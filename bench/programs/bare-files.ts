/** Makes as many small files in as many folders as collecting does, and nothing else. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

const [folder = "", points = ""] = process.argv.slice(2);
const text = "step,value\n0,1\n".repeat(10);
const write = (path: string) => {
  const file = openSync(path, "wx");
  writeSync(file, text);
  closeSync(file);
};
for (const name of ["points", "logs"]) mkdirSync(join(folder, name));
for (let i = 0; i < Number(points); i++) {
  const [outputs, logs] = [join(folder, "points", `i=${i}`), join(folder, "logs", `i=${i}`)];
  mkdirSync(outputs);
  mkdirSync(logs);
  for (const path of [`${outputs}/result.json`, `${outputs}/series.csv`, `${logs}/1.txt`])
    write(path);
}
