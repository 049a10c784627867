/** Audit records of a service without a database, kept by Identity before the caller is answered. */
import { createClient, type Transport } from "@connectrpc/connect";
import { AuditSinkService, Decision } from "../../../gen/biplane/audit/v1/audit_pb.js";
import type { AuditSink } from "../../shared/auth/audit.ts";
import { forwardToken } from "../../shared/auth/caller.ts";
import { unaryCall } from "../../shared/client.ts";

/** @param identity of the region's Identity service. */
export function remoteSink(identity: Transport): AuditSink {
  const client = createClient(AuditSinkService, identity);
  return async (caller, { decision, ...entry }) => {
    const decided = decision === "allowed" ? Decision.ALLOWED : Decision.DENIED;
    await client.append({ ...entry, decision: decided }, { ...unaryCall, headers: forwardToken(caller) });
  };
}
