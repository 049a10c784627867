/** Writes the published JSON Schemas of what the commands take and print: `node cli/schemas.ts`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { environmentSchema } from "../sandbox/environment.ts";
import { claimsReportSchema } from "../verify/claims/state.ts";
import { bundleSchemas } from "../verify/evidence/bundle.ts";
import { diffSchema } from "../verify/evidence/diff.ts";
import { reasonSchemas } from "../verify/reason/schemas.ts";
import { reportSchema } from "../verify/report/result.ts";
import { targetFileSchemas } from "../verify/target.ts";
import { waiversFileSchema } from "../verify/waiver-schema.ts";
import { commandJsonSchema } from "./config.ts";

export const schemaFolder = join(import.meta.dirname, "../docs/schemas");

/** File name → schema. */
export function publishedSchemas(): Record<string, unknown> {
  return {
    "cli.schema.json": commandJsonSchema(),
    "env.schema.json": z.toJSONSchema(environmentSchema),
    "claims.schema.json": z.toJSONSchema(claimsReportSchema),
    "verify-report.schema.json": z.toJSONSchema(reportSchema),
    "target.schema.json": z.toJSONSchema(z.union(Object.values(targetFileSchemas)), { io: "input" }),
    "waivers.schema.json": z.toJSONSchema(waiversFileSchema),
    "verify-bundle.schema.json": z.toJSONSchema(bundleSchemas.bundle),
    "verify-bundle-manifest.schema.json": z.toJSONSchema(bundleSchemas.manifest),
    "verify-diff.schema.json": z.toJSONSchema(diffSchema),
    ...reasonSchemas(),
  };
}

if (import.meta.main) {
  mkdirSync(schemaFolder, { recursive: true });
  for (const [name, schema] of Object.entries(publishedSchemas())) {
    writeFileSync(join(schemaFolder, name), `${JSON.stringify(schema, null, 2)}\n`);
  }
}
