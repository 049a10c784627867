/** Starts gate-main.ts for a given cluster, and tells the cluster's API server to ask it about our pods. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Sandbox } from "../context.ts";
import { recordsFolder } from "../dns.ts";
import { names, network, originPorts, type Plane, webhookPorts } from "../hosts.ts";
import { tcpProbes } from "../network/tcp-probe.ts";
import { podWebhook } from "../node/access.ts";
import { adminUser, writeKubeconfig } from "../node/credentials.ts";
import { tokenLoginOf } from "../node/hooks.ts";
import { type NodeLayout, nodeLayout } from "../node/layout.ts";
import { waitUntil } from "../node/wait.ts";
import { ensureAuthority, ensureLeaf } from "../pki.ts";
import { ensureProcess, stopProcess } from "../processes.ts";
import { localNamespaces } from "../stacks.ts";
import type { GateConfig } from "./gate-config.ts";
import { issuerPlace, publishedDiscovery } from "./issuer.ts";
import { madeObjects, probeNamespace, webhookName } from "./made.ts";
import type { OwnerApi } from "./owner-api.ts";
import type { Survey } from "./survey.ts";

function gateProcess(plane: Plane): string {
  return `${plane}-gate`;
}

export async function ensureGate(sandbox: Sandbox, api: OwnerApi, survey: Survey): Promise<void> {
  const { paths } = sandbox;
  const { plane } = api.given;
  const node = nodeLayout(paths, plane);
  const endpoint = `https://${node.address}:${survey.apiPort}`;
  const config = await gateConfig(sandbox, node, api, survey);
  await startGate(sandbox, node, config);
  const authority = `${plane}-clients`;
  const pair = await ensureLeaf(paths, { name: `${plane}-user-admin`, ...adminUser, authority });
  writeKubeconfig(node.adminKubeconfig, { name: node.name, endpoint, trust: config.webhook.authority, pair });
  await askAboutPods(api, config);
}

async function gateConfig(
  sandbox: Sandbox,
  node: NodeLayout,
  { given }: OwnerApi,
  survey: Survey,
): Promise<GateConfig> {
  const { paths } = sandbox;
  const { plane, address, name: namespace } = node;
  const leaf = (name: string, more: { addresses?: string[]; dns?: string[] }) =>
    ensureLeaf(paths, { name: `${plane}-gate-${name}`, ...more });
  return {
    plane,
    kubeconfig: given.file,
    api: {
      namespace,
      address,
      port: survey.apiPort,
      serving: await leaf("api", { addresses: [address], dns: [names.api(plane)] }),
      clientAuthority: (await ensureAuthority(paths, `${plane}-clients`)).certificate,
      tokens: tokenLoginOf(paths, node),
    },
    webhook: {
      address: network.host,
      port: webhookPorts[plane],
      serving: await leaf("webhook", { addresses: [network.host] }),
      authority: (await ensureAuthority(paths)).certificate,
      dnsFolder: recordsFolder(paths),
    },
    // The region's workloads call no AWS: nobody asks for its keys.
    ...(plane === "customer" ? { issuer: await issuerOf(node, survey, leaf) } : {}),
    forwards: plane === "region" ? forwardsOf(node, survey) : [],
  };
}

async function issuerOf(
  node: NodeLayout,
  { issuer, discovery, keys }: Survey,
  leaf: (name: string, more: { dns: string[] }) => ReturnType<typeof ensureLeaf>,
): Promise<GateConfig["issuer"]> {
  const { host, port, discoveryPath, keysPath } = issuerPlace(issuer);
  const files = { discovery: node.file("issuer", "discovery.json"), keys: node.file("issuer", "keys.json") };
  mkdirSync(node.file("issuer"), { recursive: true, mode: 0o700 });
  writeFileSync(files.discovery, JSON.stringify(publishedDiscovery(discovery, issuer)));
  writeFileSync(files.keys, JSON.stringify(keys));
  return {
    namespace: network.hosts.cloud.namespace,
    address: network.issuerFront,
    port,
    serving: await leaf("issuer", { dns: [host] }),
    documents: { [discoveryPath]: files.discovery, [keysPath]: files.keys },
  };
}

/** Any node answers a NodePort. */
function forwardsOf({ name, address }: NodeLayout, { nodes }: Survey): GateConfig["forwards"] {
  const host = nodes.find(({ schedulable, address }) => schedulable && address)?.address;
  if (host === undefined) throw new Error("no node of the given region cluster has an address");
  return Object.values(originPorts).map((port) => ({ namespace: name, address, port, to: { host, port } }));
}

/** Started anew when its configuration has changed: it reads it once. */
async function startGate({ paths }: Sandbox, node: NodeLayout, config: GateConfig): Promise<void> {
  const name = gateProcess(node.plane);
  const file = node.file("gate.json");
  const content = JSON.stringify(config, null, 2);
  mkdirSync(node.folder, { recursive: true, mode: 0o700 });
  if (existsSync(file) && readFileSync(file, "utf8") !== content) await stopProcess(paths, name);
  writeFileSync(file, content, { mode: 0o600 });
  await ensureProcess(paths, {
    name,
    command: process.execPath,
    args: [fileURLToPath(new URL("./gate-main.ts", import.meta.url)), file],
    // A credential command of the kubeconfig finds what it finds in the person's shell.
    env: Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value ? [[key, value]] : []))),
  });
  const { api, webhook } = config;
  await waitUntil(paths, name, [name], async () => {
    const outcomes = await tcpProbes(undefined, [api, webhook]);
    return outcomes.every((outcome) => outcome === "connected");
  });
}

async function askAboutPods(api: OwnerApi, { plane, webhook }: GateConfig): Promise<void> {
  const path = madeObjects(plane).find(({ name }) => name === webhookName)?.path ?? "";
  const object = podWebhook({
    name: webhookName,
    url: `https://${webhook.address}:${webhook.port}/mutate`,
    trust: readFileSync(webhook.authority),
    namespaces: { operator: "In", values: [...localNamespaces[plane], probeNamespace] },
  });
  await api.apply(path, object);
}
