import { toJsonString } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import {
  type Record as AuditRecord,
  AuditService,
  Decision,
  RecordSchema,
} from "../../gen/biplane/audit/v1/audit_pb.js";
import { asked, connectApi } from "../api.ts";
import type { CommandOptions } from "../config.ts";
import { plainTable, timeText } from "../print.ts";

const pageSize = 1000;
const seconds = { s: 1, m: 60, h: 3600, d: 86_400 };
const decisions = { allowed: Decision.ALLOWED, denied: Decision.DENIED };

/** The newest first. */
export async function audit({ json, ...options }: CommandOptions<"audit">): Promise<number> {
  const records = await readRecords(options);
  if (json) {
    for (const record of records) process.stdout.write(`${toJsonString(RecordSchema, record)}\n`);
    return 0;
  }
  const head = ["time", "who", "", "operation", "resource", "request"];
  const table = plainTable(head);
  for (const { at, subject, decision, operation, resource, requestId } of records) {
    table.push([
      timeText(at),
      subject,
      Decision[decision].toLowerCase(),
      operation.replace(/^.*\./, ""),
      resource,
      requestId,
    ]);
  }
  process.stdout.write(`${table.toString()}\n${records.length} records\n`);
  return 0;
}

async function readRecords(options: Omit<CommandOptions<"audit">, "json">): Promise<AuditRecord[]> {
  const { since, subject = "", operation = "", decision, limit, config } = options;
  const client = createClient(AuditService, await connectApi(config));
  const query = {
    since: timestampFromMs(Date.now() - ageOf(since) * 1000),
    subject,
    operation,
    ...(decision ? { decision: decisions[decision] } : {}),
  };
  const all: AuditRecord[] = [];
  let token = "";
  do {
    const size = Math.min(pageSize, limit - all.length);
    const page = await asked(client.listRecords({ ...query, limit: size, token }));
    all.push(...page.records);
    token = page.token;
  } while (token !== "" && all.length < limit);
  return all;
}

/** @param age as the options' schema has it. @returns seconds. */
function ageOf(age: string): number {
  const unit = age.slice(-1) as keyof typeof seconds;
  return Number(age.slice(0, -1)) * seconds[unit];
}
