import type { ReportDocument } from "../document.ts";
import { comparisonPage } from "./comparison-page.ts";
import { runPage } from "./run-page.ts";

const data = document.getElementById("data")?.textContent ?? "";
// Our own writer's: src/report/page.ts.
const report: ReportDocument = JSON.parse(data);
document.body.append(...(report.kind === "run" ? runPage(report) : comparisonPage(report)));
document.documentElement.dataset.ready = "";
