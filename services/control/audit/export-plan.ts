/** Which audit records go into which object, under which name, and how they are written there: pure. */
import { createHash } from "node:crypto";
import type { AuditRow } from "./records.ts";

export interface ExportRow extends AuditRow {
  org: string;
}

export interface PlannedObject {
  org: string;
  /** Its beginning, UTC. */
  hour: Date;
  key: string;
  /** Of the lines, in hexadecimal: how they are packed may change with a version of zlib. */
  sha256: string;
  records: number;
  oldestAt: Date;
}

/** Every key begins with it: the exporter's role and the bucket's lifecycle name it. */
const exportPrefix = "records/";

/** Changes with the form of a line, so that no reader takes one form for another. */
const form = "v1";
const hourMs = 3_600_000;

/**
 * One object for each organisation and hour, so that an organisation's records of a day are one prefix.
 * @param batch of the one organisation whose rows these are; counts up from 1, without gaps
 * @param rows in the order in which they are to be written
 */
export function planObjects(batch: bigint, rows: readonly ExportRow[]): PlannedObject[] {
  const hourOf = ({ at }: ExportRow) => Math.floor(at.getTime() / hourMs) * hourMs;
  const groups = Map.groupBy(rows, (row) => `${row.org}/${hourOf(row)}`);
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (!first) throw new Error("a group without a row");
    const [org, hour] = [first.org, new Date(hourOf(first))];
    const sha256 = hashOf(renderLines(group));
    const oldestAt = new Date(Math.min(...group.map(({ at }) => at.getTime())));
    return { org, hour, key: keyOf(batch, org, hour, sha256), sha256, records: group.length, oldestAt };
  });
}

/** JSON Lines; the fields of a record in one order, so that the same records are the same bytes. */
export function renderLines(rows: readonly ExportRow[]): string {
  return rows.map((row) => `${JSON.stringify(lineOf(row))}\n`).join("");
}

export function hashOf(lines: string): string {
  return createHash("sha256").update(lines).digest("hex");
}

/** In the way that Athena and its like read as columns. */
function keyOf(batch: bigint, org: string, hour: Date, sha256: string): string {
  const [day = "", time = ""] = hour.toISOString().split("T");
  const number = String(batch).padStart(12, "0");
  return `${exportPrefix}${form}/org=${org}/day=${day}/hour=${time.slice(0, 2)}/${number}-${sha256}.jsonl.gz`;
}

function lineOf(row: ExportRow) {
  return {
    id: row.id,
    at: row.at.toISOString(),
    org: row.org,
    subject: row.subject,
    subjectKind: row.subject_kind,
    apiKey: row.api_key,
    operation: row.operation,
    resource: row.resource,
    decision: row.decision,
    reason: row.reason,
    requestId: row.request_id,
  };
}
