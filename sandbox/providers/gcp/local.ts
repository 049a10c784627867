/** The project of the local cloud: the customer's node stands for its GKE cluster, by its own address. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { operatorToken } from "../../cloud/google/store.ts";
import { names, network } from "../../hosts.ts";
import { setClusterName } from "../../node/hooks.ts";
import type { NodeFacts } from "../../node/publish.ts";
import type { Paths } from "../../paths.ts";
import { loginEnvironment } from "../machine/login-plugin.ts";
import { type AccountsApi, accountsApi } from "./accounts.ts";
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

/** IAM of the local cloud, called as who owns the project. */
export function localAccounts(paths: Paths): AccountsApi {
  return accountsApi(async () => {
    const { google } = await import("../../../shared/google.ts");
    const { sendTrusting } = await import("../../../verify/collect/rest.ts");
    return google({
      env: { GOOGLE_ENDPOINT_URL: `https://${names.google}` },
      token: async () => readFileSync(operatorToken(paths), "utf8"),
      send: sendTrusting(readFileSync(join(paths.pki, "ca.crt"), "utf8")),
    });
  });
}

/** What an operator's shell has when `gke-gcloud-auth-plugin` is asked for a login: a stand-in for it on its PATH. */
export function operatorEnvironment(paths: Paths): Record<string, string> {
  return loginEnvironment(join(paths.cloud, "gcp", "bin"), "gke-gcloud-auth-plugin", operatorToken(paths));
}
