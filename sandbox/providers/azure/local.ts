/** The subscription of the local cloud: the customer's node stands for its AKS cluster, by the node's own name and issuer. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Caller } from "../../cloud/azure/activity.ts";
import { azureOperatorToken } from "../../cloud/azure/store.ts";
import { azure } from "../../hosts.ts";
import type { NodeFacts } from "../../node/publish.ts";
import type { Paths } from "../../paths.ts";
import { loginEnvironment } from "../machine/login-plugin.ts";
import type { ClusterBacking } from "./index.ts";

export function localCluster(paths: Paths): ClusterBacking {
  const facts = () => JSON.parse(readFileSync(join(paths.node("customer"), "facts.json"), "utf8")) as NodeFacts;
  return {
    outputs() {
      const { endpoint, issuer } = facts();
      return { privateFQDN: new URL(endpoint).hostname, oidcIssuerProfile: { enabled: true, issuerURL: issuer } };
    },
    access: () => ({ server: facts().endpoint, authority: facts().certificateAuthorityData }),
  };
}

/** What an operator's shell has when `kubelogin` is asked for a login: a stand-in for it on its PATH. */
export function operatorEnvironment(paths: Paths): Record<string, string> {
  return loginEnvironment(join(paths.cloud, "azure", "bin"), "kubelogin", azureOperatorToken(paths));
}

/** Whoever has the access token of who owns the subscription. */
export function signedIn(paths: Paths): Caller | undefined {
  const file = azureOperatorToken(paths);
  if (!existsSync(file) || readFileSync(file).length === 0) return undefined;
  const { name, objectId } = azure.operator;
  return { tenant: azure.tenant, objectId, name };
}
