import { defineRegionCheck } from "../check.ts";
import type { TableFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { metadataTables } from "../reason/metadata.ts";

/** The one kind that is a customer's data: a decision passes, data does not (docs/decisions/0024). */
const short = (column: string) => `(octet_length(${column}) <= 1040)`;

export const metadataOnly = defineRegionCheck({
  id: "DB-03",
  title: "The schema is the list of metadata, column by column, and what answers a run that waits is short",
  severity: "high",
  claims: ["cp-stores-metadata-only"],
  documented: [],
  fix: "Take the column out by a migration; if it is metadata, name its kind in verify/reason/metadata.ts.",
  needs: ["regionTables"],
  evaluate: ({ regionTables }) => regionTables.map(judge),
  sabotages: [
    {
      name: "the last table gains a column for results",
      apply({ regionTables }) {
        regionTables.at(-1)?.columns.push({ name: "outputs", type: "jsonb", notNull: false });
      },
    },
    {
      name: "a column of the first table becomes one that holds anything",
      apply({ regionTables }) {
        const column = regionTables.at(0)?.columns.at(-1);
        if (!column) return false;
        column.type = "bytea";
        return undefined;
      },
    },
    {
      name: "a table of logs stands in another schema",
      apply({ regionTables }) {
        const copy = regionTables.at(0);
        if (copy) regionTables.push({ ...structuredClone(copy), name: "public.logs" });
      },
    },
    {
      name: "answers may be of any length",
      apply({ regionTables }) {
        const table = regionTables.find(({ name }) => name === "biplane.conditions");
        if (!table) return false;
        table.checks = [];
        return undefined;
      },
    },
    {
      name: "answers may be of a mebibyte",
      apply({ regionTables }) {
        const table = regionTables.find(({ name }) => name === "biplane.conditions");
        if (!table) return false;
        for (const rule of table.checks) rule.condition = rule.condition.replace("1040", "1048576");
        return undefined;
      },
    },
  ],
});

function judge({ name, kind, columns, checks }: TableFact): Finding {
  const known = metadataTables[name];
  if (!known) return fail(name, `a ${kind} that is not on the list of metadata`);
  const stray = columns.find((column) => known[column.name] === undefined);
  if (stray) return fail(`${name}.${stray.name}`, `a column that is not on the list of metadata: ${stray.type}`);
  const changed = columns.find((column) => known[column.name]?.[1] !== column.type);
  if (changed) return fail(`${name}.${changed.name}`, `is ${changed.type}, not ${known[changed.name]?.[1]}`);
  const long = columns.find(
    (column) =>
      known[column.name]?.[0] === "answer" &&
      !checks.some(({ condition, validated }) => validated && condition === short(column.name)),
  );
  if (long) return fail(`${name}.${long.name}`, `no rule ${short(long.name)} that holds for every row`);
  const kinds = [...new Set(columns.map((column) => known[column.name]?.[0]))];
  return pass(name, `${columns.length} columns: ${kinds.join(", ")}`);
}
