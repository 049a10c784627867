/** One question to one principal, by its own policies and the store's: what SimulatePrincipalPolicy answers, offline. */
import type { Verdict } from "./evaluate.ts";
import type { Context } from "./glob.ts";
import { Hand } from "./held.ts";
import type { Goal } from "./reach.ts";
import type { World } from "./world.ts";

/** What a request over present TLS tells of itself. */
export const overTls: Context = { "s3:tlsversion": ["1.3"] };

/** And in a session that was taken under this name; what stands before it is a role's own id, which no policy of ours asks. */
export function inSession(name: string): Context {
  return { "aws:userid": [`AROAEXAMPLE:${name}`] };
}

/**
 * Without any way over others, which `reach` looks for.
 * @returns undecided where it hangs on a key of the request that `context` does not tell
 * @throws Error for a principal that the world does not hold
 */
export function simulate(world: World, principal: string, goal: Goal): Verdict["decision"] {
  const entity = world.entities.find(({ arn }) => arn === principal);
  if (!entity) throw new Error(`no principal ${principal} in account ${world.account}`);
  const may = (lenient: boolean) => {
    const hand = new Hand(world, lenient);
    hand.take({ entity, key: entity.arn, path: [], provided: [] });
    return hand.may(goal.action, goal.resource, goal.context) !== undefined;
  };
  if (may(false)) return "allowed";
  return may(true) ? "undecided" : "denied";
}
