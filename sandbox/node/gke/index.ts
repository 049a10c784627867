/**
 * GKE's metadata server on the node: the one way by which pods in Google Cloud learn who they are. It stands in the node's
 * network, knows the pod by the address that asks, and has no credential of Google's: each token is traded for one of the
 * cluster's own, of that pod.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Sandbox } from "../../context.ts";
import { metadataServer } from "../../hosts.ts";
import { tcpProbe } from "../../network/tcp-probe.ts";
import { ensureLeaf } from "../../pki.ts";
import { ensureProcess } from "../../processes.ts";
import { applyAll, binding, role } from "../access.ts";
import { adminOf } from "../api-server.ts";
import type { Credentials } from "../credentials.ts";
import { type NodeLayout, processName } from "../layout.ts";
import { waitUntil } from "../wait.ts";
import type { MetadataConfig } from "./config.ts";

/** In whose name it calls the cluster: the account that GKE's own has. */
const account = { namespace: "kube-system", name: "gke-metadata-server" };
const clusterRole = "gke:metadata-server";

export async function ensureMetadataServer(
  sandbox: Sandbox,
  node: NodeLayout,
  credentials: Credentials,
): Promise<void> {
  const { address, port } = metadataServer;
  await execa("ip", ["-n", node.name, "address", "replace", `${address}/32`, "dev", "lo"]);
  const boundTo = { ...binding(clusterRole, clusterRole), subjects: [{ kind: "ServiceAccount", ...account }] };
  await applyAll(adminOf(node), [
    role(clusterRole, [
      { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
      { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get"] },
      { apiGroups: [""], resources: ["serviceaccounts/token"], verbs: ["create"] },
    ]),
    boundTo,
  ]);
  const login = await ensureLeaf(sandbox.paths, {
    ...{
      name: `${node.plane}-gke-metadata`,
      commonName: `system:serviceaccount:${account.namespace}:${account.name}`,
      authority: `${node.plane}-clients`,
    },
  });
  const config: MetadataConfig = { api: { endpoint: node.endpoint, trust: credentials.trust, login } };
  const file = node.file("gke-metadata.json");
  writeFileSync(file, JSON.stringify(config, null, 2));
  const name = processName(node, "gke-metadata");
  await ensureProcess(sandbox.paths, {
    name,
    command: process.execPath,
    args: [fileURLToPath(new URL("./metadata-main.ts", import.meta.url)), file],
    namespace: node.name,
    env: { NODE_EXTRA_CA_CERTS: credentials.trust },
  });
  await waitUntil(sandbox.paths, name, [name], async () => (await tcpProbe(node.name, address, port)) === "connected");
}
