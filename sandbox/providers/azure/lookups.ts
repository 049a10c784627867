/** What programs look up, answered from what is kept, in the shape that it was given: the API has no other. */
import type { Kept } from "../machine/kept.ts";
import type { Package } from "../machine/resource.ts";
import type { Properties } from "../machine/values.ts";
import type { ClusterBacking } from "./index.ts";
import { pathOf, rows } from "./rows.ts";

export function lookups(kept: Kept, subscription: () => string, backing?: ClusterBacking): Package["invokes"] {
  const found = (token: string, args: Properties): Properties => {
    const row = rows[token];
    if (!row) throw new Error(`sandbox/providers/azure/rows.ts has no ${token}`);
    const id = pathOf(row, args, subscription());
    const entry = kept.get(id);
    if (!entry || entry.destroyed) throw new Error(`Status=404 Code="ResourceNotFound": ${id} was not found.`);
    return { ...entry.inputs, ...entry.outputs, id };
  };
  const cluster = "azure-native:containerservice:ManagedCluster";
  return {
    "azure-native:network:getSubnet": async (args) => found("azure-native:network:Subnet", args),
    "azure-native:containerservice:getManagedCluster": async (args) => found(cluster, args),
    "azure-native:containerservice:listManagedClusterUserCredentials": async (args) => {
      const { privateFQDN } = found(cluster, args);
      const { server, authority } = backing?.access() ?? {
        server: `https://${String(privateFQDN)}:443`,
        authority: "Y2E=",
      };
      const kubeconfig = `clusters:\n- cluster:\n    certificate-authority-data: ${authority}\n    server: ${server}\n`;
      return { kubeconfigs: [{ name: "clusterUser", value: Buffer.from(kubeconfig).toString("base64") }] };
    },
  };
}
