/** Ends conditions whose time has run out. Every replica looks; the database says which of them does it. */
import { ErrorInfo_Kind } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { Logger } from "../../shared/log.ts";
import type { Database } from "../../shared/postgres.ts";
import { type Rounds, startRounds } from "../../shared/rounds.ts";
import { dueConditions, timeOutCondition } from "../store/conditions.ts";
import { dueOrgs, settleOrg } from "../store/due-orgs.ts";

export interface TimeoutDeps {
  database: Database;
  log: Logger;
}

/** The code is the public backend's. The client's exception hangs on the phase. */
const error = {
  code: "ConditionTimedOut",
  message: "nobody answered within the time that the condition was given",
  kind: ErrorInfo_Kind.USER,
};

export function startTimeouts(deps: TimeoutDeps): Rounds {
  return startRounds(
    (signal) => endDue(deps, new Date(), signal),
    (failure) => deps.log.warn("conditions that are due cannot be looked up", { error: failure }),
  );
}

/** One round: what is due, in every organisation. @returns how many conditions it ended. */
export async function endDue({ database, log }: TimeoutDeps, now: Date, signal?: AbortSignal): Promise<number> {
  let ended = 0;
  for (const org of await dueOrgs(database, "conditions", now)) {
    for (const key of await dueConditions(database, org, now)) {
      if (signal?.aborted) return ended;
      if (!(await timeOutCondition(database, org, key, error))) continue;
      ended += 1;
      log.info("a condition's time ran out", { org, ...key });
    }
    await settleOrg(database, "conditions", org);
  }
  return ended;
}
