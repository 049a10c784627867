/**
 * The subscription's activity log: each write of its configuration with who asked for it, in a file that outlives the
 * processes that write it. Source: Azure Monitor, "Activity log event schema", category Administrative.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Paths } from "../../paths.ts";
import { writePrivate } from "../secret-file.ts";

/** Of the access token that a write came with. */
export interface Caller {
  tenant: string;
  objectId: string;
  /** As a person reads it. */
  name: string;
}

export interface Write {
  /** ARM id. */
  id: string;
  /** `Microsoft.X/kind[/kind]` */
  kind: string;
  verb: "write" | "delete";
  /** Of the API's answer. */
  status: 200 | 201 | 409;
}

const named = (value: string) => ({ value, localizedValue: value });
type Named = ReturnType<typeof named>;

export interface ActivityEvent {
  eventDataId: string;
  correlationId: string;
  /** As ISO 8601. */
  eventTimestamp: string;
  category: Named;
  operationName: Named;
  status: Named;
  /** By the answer's status; empty where the operation only began. */
  subStatus: Named;
  resourceId: string;
  resourceType: Named;
  authorization: { action: string; scope: string };
  /** Both absent where nobody was signed in. */
  caller?: string;
  claims?: Record<string, string>;
}

const claimNames = {
  tenant: "http://schemas.microsoft.com/identity/claims/tenantid",
  object: "http://schemas.microsoft.com/identity/claims/objectidentifier",
};
const answers = { 200: "OK", 201: "Created", 409: "Conflict" } as const;

/** As Azure tells an operation: that it began, and how it ended. */
export function eventsOf({ id, kind, verb, status }: Write, caller: Caller | undefined, at: Date): ActivityEvent[] {
  const action = `${kind}/${verb}`;
  const common = {
    ...{ correlationId: randomUUID(), eventTimestamp: at.toISOString(), category: named("Administrative") },
    ...{ operationName: named(action), resourceId: id, resourceType: named(kind) },
    authorization: { action, scope: id },
    ...(caller
      ? {
          caller: caller.name,
          claims: { [claimNames.tenant]: caller.tenant, [claimNames.object]: caller.objectId, name: caller.name },
        }
      : {}),
  };
  const ended = status < 300 ? "Succeeded" : "Failed";
  return [
    { ...common, eventDataId: randomUUID(), status: named("Started"), subStatus: named("") },
    { ...common, eventDataId: randomUUID(), status: named(ended), subStatus: named(answers[status]) },
  ];
}

/** Beside what the provider keeps of the subscription. */
export const activityFile = (paths: Pick<Paths, "cloud">) => join(paths.cloud, "azure", "activity.jsonl");

/** An `up` writes some hundred. */
const limit = 2000;

export class ActivityLog {
  private readonly file: string;
  private readonly kept: number;

  constructor(file: string, kept = limit) {
    this.file = file;
    this.kept = kept;
  }

  record(write: Write, caller: Caller | undefined, at = new Date()): void {
    const lines = eventsOf(write, caller, at).map((event) => `${JSON.stringify(event)}\n`);
    const held = this.lines();
    if (held.whole && held.lines.length < 2 * this.kept) {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o711 });
      appendFileSync(this.file, lines.join(""), { mode: 0o600 });
      return;
    }
    const newest = [...held.lines.map((line) => `${line}\n`), ...lines].slice(-this.kept);
    writePrivate(this.file, newest.join(""));
  }

  /** The newest first, as Azure tells them. */
  events(): ActivityEvent[] {
    return this.lines()
      .lines.map((line) => JSON.parse(line) as ActivityEvent)
      .slice(-this.kept)
      .reverse();
  }

  /** A process that was killed amid its last line has told nobody of that write. */
  private lines(): { lines: string[]; whole: boolean } {
    if (!existsSync(this.file)) return { lines: [], whole: true };
    const lines = readFileSync(this.file, "utf8").split("\n");
    const torn = lines.pop();
    return { lines, whole: torn === "" };
  }
}
