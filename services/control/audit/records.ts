/** The table of audit records: every statement about it. */
import type { AuditSink } from "../../shared/auth/audit.ts";
import type { Database } from "../../shared/postgres.ts";

export interface AuditRow {
  /** An int8, which comes as text. */
  id: string;
  at: Date;
  subject: string;
  subject_kind: string;
  api_key: string;
  operation: string;
  resource: string;
  decision: "allowed" | "denied";
  reason: string;
  request_id: string;
}

export interface AuditQuery {
  since?: Date | undefined;
  until?: Date | undefined;
  subject?: string | undefined;
  operation?: string | undefined;
  decision?: "allowed" | "denied" | undefined;
  /** Records older than this one: the last of the page before. */
  before?: string | undefined;
  limit: number;
}

/** In a transaction of its own, which has ended when the sink answers. */
export function databaseSink(database: Database): AuditSink {
  return async ({ org, subject, kind, apiKey = "" }, { operation, resource, decision, reason, requestId }) => {
    await database.withOrg(org, (transaction) =>
      transaction.last(
        `insert into biplane.audit_records
           (org, subject, subject_kind, api_key, operation, resource, decision, reason, request_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [org, subject, kind, apiKey, operation, plain(resource), decision, plain(reason).slice(0, 1024), requestId],
      ),
    );
  };
}

/** The newest first. */
export function readRecords(database: Database, org: string, query: AuditQuery): Promise<AuditRow[]> {
  const { since, until, subject, operation, decision, before, limit } = query;
  return database.withOrg(org, (transaction) =>
    transaction.query<AuditRow>(
      `select id, at, subject, subject_kind, api_key, operation, resource, decision, reason, request_id
       from biplane.audit_records
       where org = $1 and ($2::timestamptz is null or at >= $2) and ($3::timestamptz is null or at < $3)
         and ($4::text is null or subject = $4) and ($5::text is null or operation = $5)
         and ($6::text is null or decision = $6) and ($7::bigint is null or id < $7)
       order by id desc limit $8`,
      [org, since ?? null, until ?? null, subject ?? null, operation ?? null, decision ?? null, before ?? null, limit],
    ),
  );
}

/** What a client names may hold a NUL, which text cannot; a denial must be kept all the same. */
function plain(text: string): string {
  return text.replaceAll("\0", "");
}
