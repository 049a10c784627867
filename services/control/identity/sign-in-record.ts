/** The audit records of people who come and go. Of somebody without an organisation there is none to keep it in. */
import { randomUUID } from "node:crypto";
import { type AuditEntry, type AuditSink, record } from "../../shared/auth/audit.ts";
import type { Holder } from "./applications.ts";

type Operation = "sign-in/Begin" | "sign-in/DenyDevice" | "sign-in/Replay" | "sign-in/End";

/** @throws unavailable where it cannot be kept: then nothing is done. */
export type SignInRecord = (
  person: Pick<Holder, "org" | "subject" | "kind">,
  operation: Operation,
  rest: Pick<AuditEntry, "resource"> & Partial<Pick<AuditEntry, "decision" | "reason">>,
) => Promise<void>;

export function signInRecord(audit: AuditSink): SignInRecord {
  return ({ org, subject, kind }, operation, { resource, decision = "allowed", reason = "" }) =>
    record(
      audit,
      { org, subject, role: "none", kind, token: "" },
      { operation, resource, decision, reason, requestId: randomUUID() },
    );
}
