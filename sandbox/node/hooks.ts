/** The process that answers the API server's questions: tokens (eks-token.ts, operator-login.ts) and new pods (pod-webhook.ts). */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { azureOperatorToken } from "../cloud/azure/store.ts";
import { operatorToken } from "../cloud/google/store.ts";
import type { Sandbox } from "../context.ts";
import { azure, google, type Plane } from "../hosts.ts";
import type { Cloud } from "../model.ts";
import type { Paths } from "../paths.ts";
import { ensureProcess } from "../processes.ts";
import type { Credentials } from "./credentials.ts";
import type { HooksConfig } from "./hooks-config.ts";
import { type NodeLayout, nodeLayout, ports, processName } from "./layout.ts";
import type { TokenLogin } from "./token-login.ts";

export async function ensureHooks(
  sandbox: Sandbox,
  node: NodeLayout,
  credentials: Credentials,
  cloud: Cloud,
): Promise<void> {
  const config: HooksConfig = {
    plane: node.plane,
    port: ports.hooks,
    serving: credentials.hooksServing,
    api: { endpoint: node.endpoint, trust: credentials.trust, login: credentials.hooks },
    ...tokenLoginOf(sandbox.paths, node),
    ...operatorOf(sandbox.paths, cloud),
  };
  const file = node.file("hooks.json");
  writeFileSync(file, JSON.stringify(config, null, 2));
  await ensureProcess(sandbox.paths, {
    name: processName(node, "hooks"),
    command: process.execPath,
    args: [fileURLToPath(new URL("./hooks-main.ts", import.meta.url)), file],
    namespace: node.name,
  });
}

function operatorOf(paths: Paths, cloud: Cloud): Pick<HooksConfig, "operator"> {
  if (cloud === "aws") return {};
  const operator = {
    gcp: { username: google.operator.replace("user:", ""), tokenFile: operatorToken(paths) },
    azure: { username: azure.operator.name, tokenFile: azureOperatorToken(paths) },
  }[cloud];
  return { operator: { cloud, ...operator } };
}

/** The operator of the plane's account, for the cluster that the cloud will make. */
export function tokenLoginOf(paths: Paths, node: NodeLayout): TokenLogin {
  return {
    credentialsFile: join(paths.credentials, "aws-credentials"),
    profile: `biplane-${node.plane}`,
    clusterNameFile: clusterNameFile(node),
  };
}

/** Called when the cloud makes the cluster: tokens are good for the cluster of that name. */
export function setClusterName(paths: Paths, plane: Plane, name: string): void {
  const node = nodeLayout(paths, plane);
  mkdirSync(node.folder, { recursive: true, mode: 0o700 });
  const file = clusterNameFile(node);
  writeFileSync(`${file}.new`, name);
  renameSync(`${file}.new`, file);
}

function clusterNameFile(node: NodeLayout): string {
  return node.file("cluster-name");
}
