/** Package azure-native: one store for all its types, by their ARM ids (rows.ts), and the functions that programs call. */
import type { Paths } from "../../paths.ts";
import { type Kept, keptProject } from "../machine/kept.ts";
import { keptType } from "../machine/kept-type.ts";
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

/** @param backing @default none: clusters answer as the row says, and nothing is behind them */
export function azurePackage(paths: Paths, backing?: ClusterBacking): Package {
  const kept = keptProject(paths, "azure");
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
      return row && rowType(token, backed(token, row), kept, known);
    },
    invokes: lookups(kept, known, backing),
  };

  function backed(token: string, row: Row): Row {
    if (!backing || token !== "azure-native:containerservice:ManagedCluster") return row;
    return { ...row, outputs: (inputs, id) => ({ ...row.outputs?.(inputs, id), ...backing.outputs() }) };
  }
}

function rowType(type: string, row: Row, kept: Kept, subscription: () => string): ResourceType {
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
    ...keptType(kept, { pathOf: (inputs) => pathOf(row, inputs, subscription()), entryOf, stays }),
  };
}
