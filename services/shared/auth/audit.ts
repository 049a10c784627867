/** What is recorded of a request: who, what, where, and whether it was allowed. Kept before the caller is answered. */
import { randomUUID } from "node:crypto";
import { unavailable } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Identified } from "./caller.ts";
import type { Named } from "./rule.ts";

export interface AuditEntry {
  /** Service and method. */
  operation: string;
  resource: string;
  decision: "allowed" | "denied";
  /** Of a denial. */
  reason: string;
  requestId: string;
}

/** @throws where the entry could not be kept: then nothing is done and the caller is told to come again. */
export type AuditSink = (caller: Identified, entry: AuditEntry) => Promise<void>;

/** For a compute plane, which keeps no records: its region has decided before and has recorded it. */
export function logSink(log: Logger): AuditSink {
  return async ({ org, subject, kind }, { decision, ...entry }) => {
    log.info(`a request was ${decision}`, { org, subject, kind, ...entry });
  };
}

/** @throws unavailable where it cannot be kept. */
export async function record(audit: AuditSink, caller: Identified, entry: AuditEntry): Promise<void> {
  try {
    await audit(caller, entry);
  } catch (error) {
    throw unavailable("the request cannot be recorded, try again", error);
  }
}

/** Clients send one with every call; it must not bring line ends or a novel into the records. */
export function requestIdOf(given: string | null | undefined): string {
  return given && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

/** What the request names, as far as it does: `<project>/<domain>/<name>`. */
export function resourceOf(named: readonly Named[]): string {
  return named
    .map(({ at, name = "" }) => {
      const place = typeof at === "string" ? [] : [at.project, "domain" in at ? at.domain : ""];
      return [...place, name].filter((part) => part !== "").join("/");
    })
    .filter((part) => part !== "")
    .join(", ")
    .slice(0, 512);
}
