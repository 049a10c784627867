/** Options of all that a stack makes in its cluster. */
import type * as pulumi from "@pulumi/pulumi";
import { createClusterProvider } from "../components/cluster/provider.ts";
import { dropForeignAliases } from "./aliases.ts";

/** To be called once: it makes the stack's provider of the cluster. */
export function inCluster(kubeconfig: pulumi.Input<string>) {
  return { providers: [createClusterProvider("cluster", kubeconfig)], transformations: [dropForeignAliases] };
}
