import { defineRegionCheck } from "../check.ts";
import type { TableFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { sharedTables } from "../reason/metadata.ts";

export const orgInEveryRecord = defineRegionCheck({
  id: "DB-01",
  title: "Every record of a tenant carries its organisation, never null, and each key begins with it or holds it",
  severity: "critical",
  claims: ["tenant-db-records-org-scoped", "tenant-db-org-in-key"],
  documented: [],
  fix: "Add `org text not null` to the table and to its primary key, by a migration.",
  needs: ["regionTables"],
  evaluate: ({ regionTables }) => regionTables.filter(({ name }) => !sharedTables.includes(name)).map(judge),
  sabotages: [
    {
      name: "the first tenant's table lets org be null",
      apply({ regionTables }) {
        const org = tenants(regionTables)
          .at(0)
          ?.columns.find(({ name }) => name === "org");
        if (!org) return false;
        org.notNull = false;
        return undefined;
      },
    },
    {
      name: "the last tenant's table has no org",
      apply({ regionTables }) {
        const last = tenants(regionTables).at(-1);
        if (!last) return false;
        last.columns = last.columns.filter(({ name }) => name !== "org");
        return undefined;
      },
    },
    {
      name: "org is in no unique key of the last table, only in one that some rows escape",
      apply({ regionTables }) {
        const last = tenants(regionTables).at(-1);
        if (!last) return false;
        last.indexes = [
          { name: "pkey", primary: true, unique: true, valid: true, partial: false, columns: ["id"] },
          { name: "some", primary: false, unique: true, valid: true, partial: true, columns: ["org", "id"] },
        ];
        return undefined;
      },
    },
    {
      name: "a copy of a table without org lies in another schema",
      apply({ regionTables }) {
        const copy = tenants(regionTables).at(0);
        if (!copy) return false;
        const columns = copy.columns.filter(({ name }) => name !== "org");
        regionTables.push({ ...structuredClone(copy), name: "public.copy", columns });
        return undefined;
      },
    },
    {
      name: "a view shows all tenants' rows at once",
      apply({ regionTables }) {
        const copy = tenants(regionTables).at(0);
        if (!copy) return false;
        regionTables.push({ ...structuredClone(copy), name: "biplane.everything", kind: "view", indexes: [] });
        return undefined;
      },
    },
  ],
});

const tenants = (tables: TableFact[]) => tables.filter(({ name }) => !sharedTables.includes(name));

function judge({ name, kind, columns, indexes }: TableFact): Finding {
  const org = columns.find((column) => column.name === "org");
  if (!org) return fail(name, `a ${kind} without the column org`);
  if (!org.notNull) return fail(name, "org may be null");
  const key = indexes.find(
    ({ unique, valid, partial, columns }) => unique && valid && !partial && columns.includes("org"),
  );
  if (!key) return fail(name, `org is in no primary key or unique index of this ${kind}`);
  return pass(name, `org ${org.type} not null, in ${key.name} (${key.columns.join(", ")})`);
}
