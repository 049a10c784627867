/** A Log Analytics workspace in memory, so far as the service asks it: rows of one table, and the queries that it makes. */
import { azure } from "../../../../shared/azure.ts";

export interface LogRow {
  PodNamespace: string;
  PodName: string;
  ContainerName: string;
  ContainerId: string;
  TimeGenerated: string;
  LogSource: string;
  LogMessage: string;
}

/** @param workspace the one that it has */
export function logAnalyticsWorkspace(workspace: string) {
  /** In the order in which they came. */
  const rows: LogRow[] = [];
  let failing = { status: 0, times: 0 };

  const client = azure({
    ...{ env: {}, token: async () => "t", backoffMs: 1 },
    async send(url, { method, body }) {
      // As a network does it: whoever asks without end is ended by a test's own time.
      await new Promise((answered) => setImmediate(answered));
      const refused = (status: number, message: string) => Response.json({ error: { message } }, { status });
      if (failing.times-- > 0) return refused(failing.status, "told to fail");
      const own = `https://api.loganalytics.azure.com/v1/workspaces/${workspace}/query`;
      if (method !== "POST" || url !== own) return refused(403, `no rights on ${url}`);
      const [table, ...steps] = String(JSON.parse(String(body)).query).split("\n| ");
      if (table !== "ContainerLogV2") return refused(400, `another table: ${table}`);
      const found = steps.reduce<Row[]>(
        (all, step) => apply(step, all),
        rows.map((row) => ({ ...row })),
      );
      const names = Object.keys(found[0] ?? {});
      const columns = names.map((name) => ({ name, type: "string" }));
      return Response.json({ tables: [{ columns, rows: found.map((row) => names.map((name) => row[name])) }] });
    },
  });
  return {
    client,
    rows,
    fail(status: number, times: number) {
      failing = { status, times };
    },
  };
}

type Row = Record<string, string>;

/** One step of a query; anything that is not understood is no step. */
function apply(step: string, rows: Row[]): Row[] {
  const [, word, rest = ""] = /^(\w+) (.*)$/.exec(step) ?? [];
  switch (word) {
    case "where":
      return rows.filter((row) => rest.split(" and ").every((term) => holds(term, row)));
    case "summarize": {
      const groups = Object.values(
        Object.groupBy(rows, ({ ContainerName, ContainerId }) => `${ContainerName} ${ContainerId}`),
      );
      return groups.flatMap((group = []) => {
        const [{ ContainerName = "", ContainerId = "" } = {}] = group;
        const [Began = ""] = group.map(({ TimeGenerated = "" }) => TimeGenerated).sort();
        return [{ ContainerName, ContainerId, Began }];
      });
    }
    case "project":
      return rows.map(({ TimeGenerated = "", LogSource = "", LogMessage = "" }) => {
        return { TimeGenerated, Taken: TimeGenerated, LogSource, Text: LogMessage };
      });
    case "order": {
      const by = /^by (\w+) asc/.exec(rest)?.[1] ?? "";
      return rows.toSorted((a, b) => ((a[by] ?? "") < (b[by] ?? "") ? -1 : Number((a[by] ?? "") > (b[by] ?? ""))));
    }
    case "take":
      return rows.slice(0, Number(rest));
    default:
      throw new Error(`the step "${step}" is not understood`);
  }
}

function holds(term: string, row: Row): boolean {
  const [, equal, text] = /^(\w+) == (".*")$/.exec(term) ?? [];
  if (equal && text) return row[equal] === JSON.parse(text);
  const [, since] = /^TimeGenerated >= datetime\(([^)]+)\)$/.exec(term) ?? [];
  if (since)
    return (row.TimeGenerated ?? "").replace(/Z$/, "").padEnd(27, "0") >= since.replace(/Z$/, "").padEnd(27, "0");
  throw new Error(`the condition "${term}" is not understood`);
}
