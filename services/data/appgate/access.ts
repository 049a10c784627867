/** What the region says of who may reach an app, kept for as long as it says, and believed a little longer in an outage. */
import { createHash } from "node:crypto";
import { createClient, type Transport } from "@connectrpc/connect";
import { AppAccessService, type CheckAccessResponse } from "../../../gen/biplane/apps/v1/access_pb.js";
import type { Logger } from "../../shared/log.ts";
import type { Credential } from "./asked.ts";

export interface Question {
  host: string;
  credential: Credential;
  source: string;
}

export type Decision =
  | { is: "allowed"; subject: string; kind: string }
  | { is: "signIn" }
  | { is: "forbidden" }
  | { is: "unknown" };

export interface Access {
  /** @throws where the region cannot be asked, and has said nothing that still holds. */
  check(question: Question): Promise<Decision>;
  /** Calls `over` once the answer is another. @returns what ends that. */
  hold(question: Question, allowed: Decision, over: (why: string) => void): () => void;
}

interface Kept {
  decision: Decision;
  askAt: number;
  until: number;
}

const maxKept = 10_000;
const patienceMs = 5_000;
/** After a failure, so that not every request waits for another. */
const retryMs = 2_000;

export interface AccessOptions {
  region: Transport;
  log: Logger;
  /** How often whoever holds a connection is asked about. @default 10 s */
  holdMs?: number;
  now?: () => number;
}

export function openAccess({ region, log, holdMs = 10_000, now = Date.now }: AccessOptions): Access {
  const client = createClient(AppAccessService, region);
  const known = new Map<string, Kept>();
  const asking = new Map<string, Promise<Decision>>();

  async function ask(key: string, question: Question): Promise<Decision> {
    const began = now();
    try {
      const answer = await client.checkAccess(question, { timeoutMs: patienceMs });
      const decision = decisionOf(answer);
      if (known.size >= maxKept) known.clear();
      const { askAgainSeconds, believeSeconds } = answer;
      known.set(key, { decision, askAt: began + askAgainSeconds * 1_000, until: began + believeSeconds * 1_000 });
      return decision;
    } catch (error) {
      const kept = known.get(key);
      if (!kept || kept.until <= now()) throw error;
      log.warn("the region cannot be asked who may reach an app; what it said last still holds", { error });
      kept.askAt = now() + retryMs;
      return kept.decision;
    }
  }

  function check(question: Question): Promise<Decision> {
    const key = keyOf(question);
    const kept = known.get(key);
    if (kept && kept.askAt > now() && kept.until > now()) return Promise.resolve(kept.decision);
    // The same is asked once at a time.
    const pending = asking.get(key) ?? ask(key, question).finally(() => asking.delete(key));
    asking.set(key, pending);
    return pending;
  }

  return {
    check,
    hold(question, allowed, over) {
      let held = true;
      const look = async () => {
        const why = await check(question).then(
          (decision) => (isSame(decision, allowed) ? undefined : "the caller may no longer reach the app"),
          () => "nobody can say whether the caller may still reach the app",
        );
        if (!held) return;
        if (why === undefined) timer = setTimeout(() => void look(), holdMs);
        else over(why);
      };
      let timer = setTimeout(() => void look(), holdMs);
      return () => {
        held = false;
        clearTimeout(timer);
      };
    },
  };
}

/** Hashed: what is kept in memory gives nobody a way in. */
function keyOf({ host, credential }: Question): string {
  const { case: by = "nobody", value = "" } = credential;
  return createHash("sha256").update(`${host}\n${by}\n${value}`).digest("base64");
}

function decisionOf({ outcome }: CheckAccessResponse): Decision {
  if (outcome.case === "allowed") return { is: "allowed", subject: outcome.value.subject, kind: outcome.value.kind };
  // What is not known here lets nobody in.
  return { is: outcome.case ?? "forbidden" };
}

function isSame(one: Decision, other: Decision): boolean {
  if (one.is !== "allowed" || other.is !== "allowed") return one.is === other.is;
  return one.subject === other.subject && one.kind === other.kind;
}
