/** Fires triggers when they are due. Any number of replicas do so at once: the database says whose turn it is. */

import type { AuditSink } from "../../shared/auth/audit.ts";
import type { Authorizer } from "../../shared/auth/authorizer.ts";
import { denied } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { Database } from "../../shared/postgres.ts";
import { type Rounds, startRounds } from "../../shared/rounds.ts";
import { grantStore } from "../identity/grants.ts";
import { dueOrgs, settleOrg } from "../store/due-orgs.ts";
import { dueTriggers, fire } from "../store/trigger-fires.ts";
import type { TriggerKey } from "../store/triggers.ts";
import { decideFiring } from "./fire.ts";

export interface SchedulerDeps {
  database: Database;
  audit: AuditSink;
  log: Logger;
}

export function startScheduler(deps: SchedulerDeps): Rounds {
  return startRounds(
    (signal) => fireDue(deps, new Date(), signal),
    (error) => deps.log.warn("triggers that are due cannot be looked up", { error }),
  );
}

/** One round: what is due, in every organisation. @returns how many runs it started. */
export async function fireDue(deps: SchedulerDeps, now: Date, signal?: AbortSignal): Promise<number> {
  let started = 0;
  for (const org of await dueOrgs(deps.database, "triggers", now)) {
    for (const key of await dueTriggers(deps.database, org, now)) {
      if (signal?.aborted) return started;
      if (await fireOne(deps, org, key, now)) started += 1;
    }
    await settleOrg(deps.database, "triggers", org);
  }
  return started;
}

/** A trigger that fails is tried again in the next round, and keeps no other from its turn. */
async function fireOne(deps: SchedulerDeps, org: string, key: TriggerKey, now: Date): Promise<boolean> {
  const { database, audit, log } = deps;
  const authorize = authorsGrants(database);
  const { project, domain, task, name: trigger } = key;
  const about = { org, project, domain, task, trigger };
  try {
    const firing = await fire(database, org, { key, now }, (due) =>
      decideFiring({ database, audit, authorize }, org, due, now),
    );
    if (!firing) return false;
    const { at, what } = firing;
    if (what.outcome === "run") log.info("a trigger started a run", { ...about, at, run: what.run.key.run });
    else log.warn(`a trigger's run was ${what.outcome}`, { ...about, at, reason: what.reason });
    return what.outcome === "run";
  } catch (error) {
    log.warn("a trigger could not be fired and will be tried again", { ...about, error });
    return false;
  }
}

/** What Identity's tables say at that moment. An author who is there no more is denied like one who may not: that is recorded, where a missing sign-in is not. */
function authorsGrants(database: Database): Authorizer {
  const store = grantStore(database);
  return async (author) => {
    const grants = await store.of(author);
    if (!grants) throw denied("the trigger's author is there no more");
    return { grants };
  };
}
