/** Writes the tables of a run folder, as the end of a run does. */
import { openDatabase } from "../../src/results/database.ts";
import { exportRun } from "../../src/results/export.ts";
import { runFolder } from "../../src/results/folder.ts";

const [root = ""] = process.argv.slice(2);
const folder = runFolder(root);
using database = openDatabase(folder);
await exportRun(database, folder, { parquet: true });
