/** Package azure-native: one store for all its types, by their ARM ids (rows.ts), and the functions that programs call. */
import { ActivityLog, activityFile, type Caller, type Write } from "../../cloud/azure/activity.ts";
import type { Paths } from "../../paths.ts";
import { type Kept, keptProject } from "../machine/kept.ts";
import { type KeptTypeArgs, keptType } from "../machine/kept-type.ts";
import { type Package, properties, type ResourceType } from "../machine/resource.ts";
import type { Properties } from "../machine/values.ts";
import { lookups } from "./lookups.ts";
import { pathOf, type Row, rows } from "./rows.ts";

/** The node that stands for the subscription's AKS clusters. */
export interface ClusterBacking {
  /** What AKS answers of it, in the SDK's words. */
  outputs(): Properties;
  /** As in the kubeconfig that AKS hands out; the authority in base64 of PEM. */
  access(): { server: string; authority: string };
}

/** Who asks for what is written; absent where nobody is signed in. */
type SignedIn = () => Caller | undefined;

/**
 * @param backing @default none: clusters answer as the row says, and nothing is behind them
 * @param signedIn @default nobody
 */
export function azurePackage(paths: Paths, backing?: ClusterBacking, signedIn: SignedIn = () => undefined): Package {
  const kept = keptProject(paths, "azure");
  const stores = { kept, log: new ActivityLog(activityFile(paths)), signedIn };
  let subscription: string | undefined;
  const known = () => {
    if (subscription === undefined) throw new Error("the provider of Azure was given no subscriptionId");
    return subscription;
  };
  return {
    name: "azure-native",
    version: "3.28.0",
    table: "sandbox/providers/azure/rows.ts",
    async configure({ subscriptionId }) {
      if (typeof subscriptionId === "string") subscription = subscriptionId;
    },
    typeOf(token) {
      const row = rows[token];
      return row && rowType(token, backed(token, row), known, stores);
    },
    invokes: lookups(kept, known, backing),
  };

  function backed(token: string, row: Row): Row {
    if (!backing || token !== "azure-native:containerservice:ManagedCluster") return row;
    return { ...row, outputs: (inputs, id) => ({ ...row.outputs?.(inputs, id), ...backing.outputs() }) };
  }
}

interface Stores {
  kept: Kept;
  log: ActivityLog;
  signedIn: SignedIn;
}

function rowType(type: string, row: Row, subscription: () => string, stores: Stores): ResourceType {
  const { names, scope, kind, outputs, replaceOn = [], stays } = row;
  const entryOf = (inputs: Properties, id: string) => ({
    type,
    inputs: properties(inputs),
    // Every resource answers its name and kind beside what it was given.
    outputs: { name: id.split("/").at(-1), type: kind, ...outputs?.(inputs, id) },
  });
  const naming = [...names.filter((name) => !name.startsWith("=")), scope ?? "resourceGroupName", "location"];
  return {
    replaceOn: [...naming, ...replaceOn],
    sameIdentity: (olds, news) => pathOf(row, olds, "any") === pathOf(row, news, "any"),
    ...recorded({ pathOf: (inputs) => pathOf(row, inputs, subscription()), entryOf, stays }, kind, stores),
  };
}

/** Each write is in the subscription's activity log before whoever asked has an answer, as what failed is. */
function recorded(args: KeptTypeArgs, kind: string, { kept, log, signedIn }: Stores): Omit<ResourceType, "replaceOn"> {
  const type = keptType(kept, args);
  const note = (id: string, verb: Write["verb"], status: Write["status"]) =>
    log.record({ id, kind, verb, status }, signedIn());
  return {
    ...type,
    async create(inputs, call) {
      const id = args.pathOf(inputs);
      const stood = kept.get(id) !== undefined;
      try {
        await type.create(inputs, call);
      } catch (error) {
        note(id, "write", 409);
        throw error;
      }
      note(id, "write", stood ? 200 : 201);
      return id;
    },
    async update(id, ...rest) {
      await type.update?.(id, ...rest);
      note(id, "write", 200);
    },
    async delete(id, ...rest) {
      await type.delete(id, ...rest);
      note(id, "delete", 200);
    },
  };
}
