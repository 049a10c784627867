/** Questions to a node's API server that the typed client has no method for, and when it is ready. */
import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import type { Paths } from "../paths.ts";
import { httpsGet } from "./https-get.ts";
import { type NodeLayout, processName } from "./layout.ts";
import { waitUntil } from "./wait.ts";

export function adminOf(node: NodeLayout): KubeConfig {
  const kubeconfig = keptKubeConfig();
  kubeconfig.loadFromFile(node.adminKubeconfig);
  return kubeconfig;
}

/** Ready: roles and system namespaces are there too. */
export async function untilServing(paths: Paths, node: NodeLayout): Promise<void> {
  const programs = [processName(node, "etcd"), processName(node, "kube-apiserver")];
  const kubeconfig = adminOf(node);
  await waitUntil(paths, `API server of ${node.plane}`, programs, async () => {
    await readDocument(kubeconfig, "/readyz");
    return true;
  });
}

export async function untilNodeReady(paths: Paths, node: NodeLayout): Promise<void> {
  const api = adminOf(node).makeApiClient(CoreV1Api);
  await waitUntil(
    paths,
    `node ${node.name}`,
    [processName(node, "kubelet"), processName(node, "containerd")],
    async () => {
      const { status } = await api.readNode({ name: node.name });
      return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
    },
  );
}

/** @returns the body of a 200. */
export async function readDocument(kubeconfig: KubeConfig, path: string): Promise<string> {
  const options = {};
  await kubeconfig.applyToHTTPSOptions(options);
  return await httpsGet(new URL(path, kubeconfig.getCurrentCluster()?.server), options);
}
