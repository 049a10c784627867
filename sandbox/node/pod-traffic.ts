/** What pods send and receive: Services by kube-proxy, and the node's address towards the other hosts. */

import { mkdirSync } from "node:fs";
import { execa } from "execa";
import { stringify } from "yaml";
import type { Sandbox } from "../context.ts";
import { writeIfChanged } from "../files.ts";
import { enterNetwork } from "../network/namespace.ts";
import { ensureProcess } from "../processes.ts";
import type { Credentials } from "./credentials.ts";
import { type NodeLayout, processName } from "./layout.ts";

export async function ensurePodTraffic(sandbox: Sandbox, node: NodeLayout, credentials: Credentials): Promise<void> {
  const [command = "", ...enter] = enterNetwork(node.name);
  await execa(command, [...enter, "nft", "-f", "-"], { input: trafficRules(node) });
  mkdirSync(node.folder, { recursive: true });
  writeIfChanged(node.file("kube-proxy.yaml"), stringify(proxyConfiguration(node, credentials)));
  await ensureProcess(sandbox.paths, {
    name: processName(node, "kube-proxy"),
    command: sandbox.tools.bin("kube-proxy"),
    args: [`--config=${node.file("kube-proxy.yaml")}`],
    namespace: node.name,
  });
}

/**
 * The other hosts know no pod addresses: towards them a pod has its node's. And no Service is on another host: kube-proxy
 * writes its tables one after the other, so that a connection to a Service that was just given a pod could leave the node
 * untranslated, to whoever answers there. Loading it again replaces it.
 */
export function trafficRules(node: Pick<NodeLayout, "podRange" | "serviceRange">): string {
  const refused = `ip daddr ${node.serviceRange} oifname "eth0" meta l4proto tcp reject with tcp reset
    ip daddr ${node.serviceRange} oifname "eth0" reject`;
  return `table ip biplane-pods
delete table ip biplane-pods
table ip biplane-pods {
  chain postrouting {
    type nat hook postrouting priority srcnat + 10; policy accept;
    ip saddr ${node.podRange} oifname "eth0" masquerade
  }
  chain of-pods {
    type filter hook forward priority filter; policy accept;
    ${refused}
  }
  chain of-the-node {
    type filter hook output priority filter; policy accept;
    ${refused}
  }
}
`;
}

function proxyConfiguration(node: NodeLayout, credentials: Credentials) {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig: credentials.kubeconfig.proxy },
    hostnameOverride: node.name,
    bindAddress: "127.0.0.1",
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    mode: "iptables",
    iptables: { localhostNodePorts: false, minSyncPeriod: "200ms" },
    clusterCIDR: node.podRange,
    // The table's size is the machine's, not ours to set.
    conntrack: { maxPerCore: 0 },
    oomScoreAdj: 0,
  };
}
