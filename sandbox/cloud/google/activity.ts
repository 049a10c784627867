/**
 * The project's Admin Activity log: who called what changes IAM, in memory and in a file that outlives the front, a line for
 * each entry, the oldest first. Nobody takes anything out of it, as of `_Required`.
 */
import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { google } from "../../hosts.ts";
import { writePrivate } from "../secret-file.ts";

/** Of one call, as the front took it. */
export interface AdminCall {
  /** As the token names who called. */
  principal: string;
  serviceName: string;
  methodName: string;
  permission: string;
  resource: { type: string; labels: Record<string, string> };
  resourceName: string;
  request: object;
  /** Of a call that went well. */
  response?: object;
  /** Of one that did not, with its code as gRPC has it. */
  status?: { code: number; message: string };
  caller: { ip: string; agent: string };
}

export type LogEntry = ReturnType<typeof entryOf>;

export const auditView = `projects/${google.project}/locations/global/buckets/_Required/views/_AllLogs`;

export class ActivityLog {
  private readonly file: string;
  private readonly entries: LogEntry[];

  constructor(file: string) {
    this.file = file;
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [""];
    // A front that was killed amid its last line has answered nobody about it.
    const torn = lines.pop();
    this.entries = lines.map((line) => JSON.parse(line) as LogEntry);
    if (torn !== "") writePrivate(file, lines.map((line) => `${line}\n`).join(""));
  }

  /** Before the caller is answered: what a caller knows to be done is told. */
  record(call: AdminCall, at = new Date()): void {
    const entry = entryOf(call, randomBytes(8).toString("hex"), at);
    this.entries.push(entry);
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o711 });
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  }

  all(): readonly LogEntry[] {
    return this.entries;
  }
}

/** Source: Cloud Audit Logs, "AuditLog"; IAM, "Example logs for service accounts". */
function entryOf(call: AdminCall, insertId: string, at: Date) {
  const { principal, permission, resource, caller, response, status, ...told } = call;
  return {
    ...{ insertId, timestamp: at.toISOString(), receiveTimestamp: at.toISOString() },
    logName: `projects/${google.project}/logs/cloudaudit.googleapis.com%2Factivity`,
    ...{ severity: status ? "ERROR" : "NOTICE", resource },
    protoPayload: {
      "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
      authenticationInfo: { principalEmail: principal.replace(/^\w+:/, ""), principalSubject: principal },
      authorizationInfo: [{ permission, resource: told.resourceName, granted: status?.code !== 7 }],
      requestMetadata: { callerIp: caller.ip, callerSuppliedUserAgent: caller.agent },
      status: status ?? {},
      ...told,
      ...(response ? { response } : {}),
    },
  };
}
