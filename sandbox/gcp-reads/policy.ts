/** Allow policies, put together from the members that are kept one by one. */
import { policyPart } from "../providers/machine/kept.ts";
import { object } from "../providers/machine/reads.ts";
import { type KeptProject, text } from "./answer.ts";

interface Binding {
  role: string;
  members: string[];
}

/**
 * @param path of the resource, as kept
 * @param always what the resource grants from its birth
 */
export function policyOf({ kept }: KeptProject, path: string, always: readonly Binding[] = []): object {
  const members = Object.entries(kept)
    .filter(([held]) => held.startsWith(`${path}${policyPart}`))
    .map(([, { inputs }]) => inputs);
  const groups = Map.groupBy(members, ({ role, condition }) => JSON.stringify([role, condition]));
  const granted = [...groups.values()].map((alike) => {
    const condition = object(alike[0]?.condition);
    return {
      role: text(alike[0]?.role),
      members: alike.map(({ member }) => text(member)),
      ...(condition.expression ? { condition } : {}),
    };
  });
  const bindings = [...always, ...granted];
  // An empty policy has an etag and nothing else.
  return { etag: "BwYAAAAAAAA=", version: 3, ...(bindings.length > 0 ? { bindings } : {}) };
}
