/** The project of the local cloud: the customer's node stands for its GKE cluster, by its own address. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { operatorToken } from "../../cloud/google/store.ts";
import { network } from "../../hosts.ts";
import { setClusterName } from "../../node/hooks.ts";
import type { NodeFacts } from "../../node/publish.ts";
import type { Paths } from "../../paths.ts";
import { loginEnvironment } from "../machine/login-plugin.ts";
import type { ClusterBacking } from "./index.ts";

export function localCluster(paths: Paths): ClusterBacking {
  return {
    outputs(clusterName) {
      setClusterName(paths, "customer", clusterName);
      const facts = JSON.parse(readFileSync(join(paths.node("customer"), "facts.json"), "utf8")) as NodeFacts;
      // GKE tells an address; which port is behind it stays the node's.
      const endpoint = `${network.hosts.customer.address}:${new URL(facts.endpoint).port}`;
      return { endpoint, masterAuth: { clusterCaCertificate: facts.certificateAuthorityData } };
    },
  };
}

/** What an operator's shell has when `gke-gcloud-auth-plugin` is asked for a login: a stand-in for it on its PATH. */
export function operatorEnvironment(paths: Paths): Record<string, string> {
  return loginEnvironment(join(paths.cloud, "gcp", "bin"), "gke-gcloud-auth-plugin", operatorToken(paths));
}
