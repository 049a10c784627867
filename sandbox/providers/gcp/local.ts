/** The project of the local cloud: the customer's node stands for its GKE cluster, by its own address. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { operatorToken } from "../../cloud/google/store.ts";
import { network } from "../../hosts.ts";
import { setClusterName } from "../../node/hooks.ts";
import type { NodeFacts } from "../../node/publish.ts";
import type { Paths } from "../../paths.ts";
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
  const folder = join(paths.cloud, "gcp", "bin");
  const program = join(folder, "gke-gcloud-auth-plugin");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(program, plugin(operatorToken(paths)));
  chmodSync(program, 0o700);
  return { PATH: [folder, process.env.PATH ?? ""].join(delimiter) };
}

/** As Google's own: the operator's access token is the login. Nothing secret is in its arguments. */
function plugin(tokenFile: string): string {
  const login = '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"%s"}}';
  return `#!/bin/sh\nprintf '${login}' "$(cat '${tokenFile}')"\n`;
}
