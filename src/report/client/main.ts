import type { ReportDocument } from "../document.ts";
import { runPage } from "./run-page.ts";

const data = document.getElementById("data")?.textContent ?? "";
// Our own writer's: src/report/page.ts.
const report: ReportDocument = JSON.parse(data);
if (report.kind === "run") document.body.append(...runPage(report));
document.documentElement.dataset.ready = "";
