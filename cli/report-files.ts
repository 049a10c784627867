/** A report in the files that were asked for. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { renderHtml } from "../verify/report/html.ts";
import { renderJunit } from "../verify/report/junit.ts";
import type { Report } from "../verify/report/result.ts";
import { renderSarif } from "../verify/report/sarif.ts";

export interface ReportFiles {
  json?: string | undefined;
  junit?: string | undefined;
  html?: string | undefined;
  sarif?: string | undefined;
}

export function writeReports(report: Report, { json, junit, html, sarif }: ReportFiles): void {
  const wanted = [
    [json, () => `${JSON.stringify(report, null, 2)}\n`],
    [junit, () => renderJunit(report)],
    [html, () => renderHtml(report)],
    [sarif, () => renderSarif(report)],
  ] as const;
  for (const [file, render] of wanted) if (file !== undefined) write(file, render());
}

export function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
