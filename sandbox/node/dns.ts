/** The cluster's DNS: CoreDNS in the node's network namespace. It answers what it knows and asks nobody else. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Sandbox } from "../context.ts";
import { hostsFile } from "../dns.ts";
import { writeIfChanged } from "../files.ts";
import { metadataServer } from "../hosts.ts";
import type { Cloud } from "../model.ts";
import { tcpProbe } from "../network/tcp-probe.ts";
import { ensureProcess } from "../processes.ts";
import type { Credentials } from "./credentials.ts";
import { type NodeLayout, ports, processName } from "./layout.ts";
import { waitUntil } from "./wait.ts";

export async function ensureDns(
  sandbox: Sandbox,
  node: NodeLayout,
  credentials: Credentials,
  cloud: Cloud = "aws",
): Promise<void> {
  const hosts = hostsFile(sandbox.paths);
  mkdirSync(dirname(hosts), { recursive: true });
  writeFileSync(hosts, "", { flag: "a" });
  mkdirSync(node.folder, { recursive: true });
  writeIfChanged(node.file("Corefile"), corefile({ hosts, kubeconfig: credentials.kubeconfig.dns, cloud }));
  const name = processName(node, "coredns");
  await ensureProcess(sandbox.paths, {
    name,
    command: sandbox.tools.bin("coredns"),
    args: ["-conf", node.file("Corefile")],
    namespace: node.name,
  });
  await waitUntil(sandbox.paths, name, [name], async () => {
    return (await tcpProbe(node.name, node.dns, 53)) === "connected";
  });
}

/**
 * Listens on every address of the node's network. Nothing is cached: both sources are in memory, and a name that a stack
 * has just made must be there at once. The cluster's part also stands for the root zone, so that a name that neither
 * knows does not exist (NXDOMAIN); `hosts` alone would answer SERVFAIL, which clients take for trouble and ask again.
 */
export function corefile(options: { hosts: string; kubeconfig: string; cloud?: Cloud }): string {
  // In pods alone: this machine has no such server.
  const { name, address } = metadataServer;
  const metadata = options.cloud === "gcp" ? `\n    ${address} ${name}` : "";
  return `. {
  errors
  health 127.0.0.1:${ports.dnsHealth}
  ready 127.0.0.1:${ports.dnsReady}
  hosts ${options.hosts} {${metadata}
    ttl 1
    reload 500ms
    fallthrough
  }
  kubernetes cluster.local in-addr.arpa . {
    kubeconfig ${options.kubeconfig}
    ttl 1
  }
}
`;
}
