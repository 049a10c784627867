/** A sink that keeps entries in memory, as lines: who was allowed or denied what. */
import type { AuditSink } from "../auth/audit.ts";

export function recordingSink(): { audit: AuditSink; kept: string[] } {
  const kept: string[] = [];
  return {
    kept,
    async audit({ org, subject }, { decision, operation, resource }) {
      kept.push(`${org}/${subject} ${decision} ${operation.replace(/^.*\./, "")} ${resource}`.trimEnd());
    },
  };
}

/** For tests that are about something else. */
export const unrecorded: AuditSink = async () => {};
