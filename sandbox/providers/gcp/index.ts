/** Package gcp: the table of its types (rows.ts), and the functions that programs call. */
import type { Paths } from "../../paths.ts";
import { type Kept, keptProject, policyPart } from "../machine/kept.ts";
import { keptType, seenIn } from "../machine/kept-type.ts";
import { type Package, properties, type ResourceType } from "../machine/resource.ts";
import type { Properties } from "../machine/values.ts";
import type { AccountsApi } from "./accounts.ts";
import { lookups } from "./lookups.ts";
import { policies, type Row, rows } from "./rows.ts";

/** The node that stands for the project's GKE clusters. */
export interface ClusterBacking {
  /** What GKE answers of the cluster of that name, in the SDK's words. */
  outputs(clusterName: string): Properties;
}

/**
 * @param backing @default none: clusters answer as the row says, and nothing is behind them
 * @param accounts @default none: service accounts are kept, and nobody is told who made them
 */
export function gcpPackage(paths: Paths, backing?: ClusterBacking, accounts?: AccountsApi): Package {
  const kept = keptProject(paths);
  const backed = (token: string, row: Row): Row => {
    if (!backing || token !== "gcp:container/cluster:Cluster") return row;
    const outputs: Row["outputs"] = (inputs, path) => ({
      ...row.outputs?.(inputs, path),
      ...backing.outputs(String(inputs.name)),
    });
    return { ...row, outputs };
  };
  return {
    name: "gcp",
    version: "9.37.0",
    table: "sandbox/providers/gcp/rows.ts",
    typeOf(token) {
      const row = rows[token];
      const answered = token === "gcp:serviceaccount/account:Account" ? accounts?.make : undefined;
      if (row) return rowType(token, backed(token, row), kept, answered);
      const resource = policies[token];
      return resource && memberType(token, resource, kept);
    },
    invokes: lookups(kept),
  };
}

/** What names an object, wherever the row's path holds it: changing it makes another object. */
const naming = [
  ...["project", "name", "location", "region", "zone", "accountId", "roleId", "bucketId", "repositoryId", "service"],
  ...["workloadIdentityPoolId", "workloadIdentityPoolProviderId"],
];

function rowType(
  type: string,
  { path, outputs, replaceOn = [], stays }: Row,
  kept: Kept,
  answered: AccountsApi["make"] | undefined,
): ResourceType {
  const entryOf = (inputs: Properties, id: string) => ({
    type,
    inputs: properties(inputs),
    outputs: outputs?.(inputs, id) ?? {},
  });
  return {
    replaceOn: [...naming, ...replaceOn],
    sameIdentity: (olds, news) => path(olds) === path(news),
    ...keptType(kept, { pathOf: path, entryOf, answered, stays }),
  };
}

/** A member stands in its resource's policy: without an update, since another member is another grant. */
function memberType(type: string, resourceOf: (inputs: Properties) => string, kept: Kept): ResourceType {
  const idOf = (inputs: Properties) => {
    const { condition } = inputs;
    const title =
      typeof condition === "object" && condition && "title" in condition ? `/${String(condition.title)}` : "";
    return `${resourceOf(inputs)}${policyPart}${String(inputs.role)}/${String(inputs.member)}${title}`;
  };
  return {
    async create(inputs) {
      // The API takes a member twice as once.
      kept.change(idOf(inputs), { type, inputs: properties(inputs), outputs: { etag: "kept" } });
      return idOf(inputs);
    },
    read: async (id) => seenIn(kept, id),
    async delete(id) {
      kept.remove(id);
    },
  };
}
