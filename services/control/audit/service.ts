/** AuditService for administrators, AuditSinkService for services without a database. */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { AuditService, AuditSinkService, Decision } from "../../../gen/biplane/audit/v1/audit_pb.js";
import type { AuditEntry } from "../../shared/auth/audit.ts";
import { callerOf } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import type { Database } from "../../shared/postgres.ts";
import { dateOf } from "../../shared/times.ts";
import { type AuditRow, databaseSink, readRecords } from "./records.ts";

const maxLimit = 1000;
const defaultLimit = 100;

export function auditRoutes(database: Database) {
  const keep = databaseSink(database);
  return (router: ConnectRouter) => {
    router.service(AuditService, {
      async listRecords({ since, until, subject, operation, decision, limit, token }, context) {
        if (limit > maxLimit) throw invalid({ subject: "limit", value: limit, allowed: `up to ${maxLimit}` });
        if (!/^\d{0,18}$/.test(token)) {
          throw invalid({ subject: "token", value: token.slice(0, 40), allowed: "that of the page before" });
        }
        const size = limit || defaultLimit;
        const rows = await readRecords(database, callerOf(context).org, {
          since: since && dateOf("since", since),
          until: until && dateOf("until", until),
          subject: subject || undefined,
          operation: operation || undefined,
          decision: decision === Decision.UNSPECIFIED ? undefined : wordOf(decision),
          before: token || undefined,
          limit: size + 1,
        });
        const page = rows.slice(0, size);
        return { records: page.map(view), token: rows.length > size ? (page.at(-1)?.id ?? "") : "" };
      },
    });
    router.service(AuditSinkService, {
      async append({ operation, resource, decision, reason, requestId }, context) {
        const fits = [operation, resource, reason, requestId].every((text) => text.length <= 4096);
        if (!operation || !fits) throw invalid({ subject: "record", allowed: "an operation, texts up to 4096" });
        await keep(callerOf(context), { operation, resource, decision: wordOf(decision), reason, requestId });
        return {};
      },
    });
  };
}

function wordOf(decision: Decision): AuditEntry["decision"] {
  if (decision === Decision.ALLOWED) return "allowed";
  if (decision === Decision.DENIED) return "denied";
  throw invalid({ subject: "decision", value: decision, allowed: "allowed or denied" });
}

function view({ at, subject, subject_kind, api_key, operation, resource, decision, reason, request_id }: AuditRow) {
  return {
    at: timestampFromDate(at),
    subject,
    subjectKind: subject_kind,
    apiKey: api_key,
    operation,
    resource,
    decision: decision === "allowed" ? Decision.ALLOWED : Decision.DENIED,
    reason,
    requestId: request_id,
  };
}
