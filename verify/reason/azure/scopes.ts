/** Where a resource lies: its own id, all that is before it, and what is above its subscription. Azure knows no capitals. */
import { type Tri, tri } from "../tri.ts";

/** `/subscriptions/…` of an id; a management group is its own. */
const topOf = (id: string) =>
  /^(\/subscriptions\/[^/]+|\/providers\/microsoft\.management\/managementgroups\/[^/]+)/.exec(id)?.[1];

export const folded = (id: string) => id.toLowerCase().replace(/\/+$/, "");

const managementGroup = /^\/providers\/microsoft\.management\/managementgroups\/[^/]+$/;

/**
 * Whether what holds on a scope holds on the resource.
 * @param parents what lies above a subscription or a management group; what is not there is not known
 */
export function holdsOn(scope: string, resource: string, parents: Readonly<Record<string, string | null>>): Tri {
  const [above, below] = [folded(scope), folded(resource)];
  if (above === "" || above === below || below.startsWith(`${above}/`)) return "yes";
  if (!managementGroup.test(above)) return "no";
  const known = new Map(Object.entries(parents).map(([id, parent]) => [folded(id), parent]));
  const seen = new Set<string>();
  for (let at = topOf(below); at !== undefined && !seen.has(at); ) {
    seen.add(at);
    const parent = known.get(at);
    if (parent === undefined) return "maybe";
    if (parent === null) return "no";
    at = folded(parent);
    if (at === above) return "yes";
  }
  return tri(false);
}

/** Actions know no capitals, and a `*` stands for anything, slashes too. */
export function actionCovers(pattern: string, action: string): boolean {
  const literal = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${literal}$`, "i").test(action);
}

/** What names a role definition, wherever it is asked for. */
export const roleNameOf = (id: string) => folded(id).split("/").at(-1) ?? "";
