import { defineRegionCheck } from "../check.ts";
import type { TableFact } from "../facts-region.ts";
import { fail, pass } from "../outcome.ts";
import { metadataTables } from "../reason/metadata.ts";

/** The database's own rules, as it writes them; each holds for every row, so none has to be read. */
function rules(column: string): string[] {
  const uri = `((${column} ~ '^(s3|gs|abfs)://'::text) AND (char_length(${column}) <= 2048))`;
  return [uri, `((${column} = ''::text) OR ${uri})`];
}

export const onlyUris = defineRegionCheck({
  id: "DB-04",
  title: "What refers to customers' data is an address in their store, by a rule of the database itself",
  severity: "high",
  claims: ["cp-only-uris"],
  documented: [],
  fix: "Add the constraint of migrations/0005_references.sql to the column, and validate it.",
  needs: ["regionTables"],
  evaluate: ({ regionTables }) =>
    references(regionTables).map(({ table, column }) => {
      const subject = `${table.name}.${column}`;
      const rule = table.checks.find(({ condition }) => rules(column).includes(condition));
      if (!rule) return fail(subject, `no rule ${rules(column)[0]}`);
      if (!rule.validated) return fail(subject, `${rule.name} was never applied to the rows that were there before it`);
      return pass(subject, `${rule.name}: ${rule.condition}`);
    }),
  sabotages: [
    {
      name: "the first reference has no rule",
      apply({ regionTables }) {
        const first = references(regionTables).at(0)?.table;
        if (!first) return false;
        first.checks = [];
        return undefined;
      },
    },
    {
      name: "the rule of the last one takes any text that holds an address somewhere",
      apply({ regionTables }) {
        const last = references(regionTables).at(-1);
        for (const rule of last?.table.checks ?? []) rule.condition = rule.condition.replace("'^", "'");
      },
    },
    {
      name: "old rows were never held against the last rule",
      apply({ regionTables }) {
        const last = references(regionTables).at(-1);
        for (const rule of last?.table.checks ?? []) rule.validated = false;
      },
    },
    {
      name: "a new column of addresses has none",
      apply({ regionTables }) {
        regionTables.at(-1)?.columns.push({ name: "report_uri", type: "text", notNull: true });
      },
    },
  ],
});

/** By the list of metadata, and whatever is called so. */
function references(tables: TableFact[]): { table: TableFact; column: string }[] {
  return tables.flatMap((table) =>
    table.columns
      .map(({ name }) => name)
      .filter((name) => metadataTables[table.name]?.[name]?.[0] === "reference" || /(^|_)ur[il]s?$/.test(name))
      .map((column) => ({ table, column })),
  );
}
