/**
 * A pod on every node of a given cluster, before anything is built on it: it is made through our webhook, from an image
 * of the local registry, and dials what the plane's pods will dial. What it cannot do only the cluster's owner can mend.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../shared/errors.ts";
import { names, network, type Plane, webhookPorts } from "../hosts.ts";
import { registryHosts } from "../node/runtime.ts";
import { optionOf } from "./kubeconfig.ts";
import { probeNamespace } from "./made.ts";
import type { OwnerApi } from "./owner-api.ts";
import { outcomeOf, type ProbePod, probePod } from "./probe-pod.ts";
import type { Survey } from "./survey.ts";

const patienceMs = 180_000;
const pods = `/api/v1/namespaces/${probeNamespace}/pods`;
const namespace = `/api/v1/namespaces/${probeNamespace}`;

/** What a plane's pods dial before its own stack has made more names; the edge by address, for that reason. */
const dialled: Record<Plane, { host: string; port: number }[]> = {
  region: [
    { host: names.aws, port: 443 },
    { host: names.database, port: 5432 },
  ],
  customer: [
    { host: names.aws, port: 443 },
    { host: network.hosts.edge.address, port: 443 },
    { host: network.relayFront, port: 443 },
  ],
};

/** @throws UserError that says what the owner must set up. Leaves nothing behind in the cluster. */
export async function probeCluster(api: OwnerApi, survey: Survey, image: string): Promise<void> {
  const nodes = survey.nodes.filter(({ schedulable }) => schedulable).map(({ name }) => name);
  await freshNamespace(api);
  try {
    const made = nodes.map((node, index) =>
      probePod({ name: `probe-${index}`, node, image, targets: dialled[api.given.plane] }),
    );
    for (const pod of made) await create(api, pod);
    await untilAllEnded(api, nodes);
  } finally {
    await api.send("DELETE", namespace);
  }
}

/** One that is just being removed takes no pods. */
async function freshNamespace(api: OwnerApi): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const { status, body } = await api.send<{ metadata: { deletionTimestamp?: string } }>("GET", namespace);
    if (status === 404 || !body.metadata.deletionTimestamp) break;
    if (Date.now() > giveUpAt)
      throw refused(api, [`namespace ${probeNamespace} does not end. See why, and remove it.`]);
    await sleep(500);
  }
  await api.apply(namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: probeNamespace } });
}

async function create(api: OwnerApi, pod: object): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  for (;;) {
    const { status, body } = await api.send<{ message?: string }>("POST", pods, pod);
    if (status < 300) return;
    const said = body.message ?? String(status);
    if (said.includes("failed calling webhook")) throw refused(api, [webhookAdvice(api.given.plane, said)]);
    // The account of a new namespace comes a moment later.
    if (Date.now() > giveUpAt) throw refused(api, [`it admits no pod of ours: ${said}`]);
    await sleep(300);
  }
}

async function untilAllEnded(api: OwnerApi, nodes: string[]): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const { items } = await api.read<{ items: ProbePod[] }>(pods);
    const outcomes = items.map(outcomeOf);
    const problems = outcomes.flatMap((outcome, index) => {
      const node = nodes[index] ?? "";
      if (outcome.ended === "not pulled") return [imageAdvice(node, outcome.said)];
      if (outcome.ended === "failed") return [networkAdvice(node, outcome.said)];
      if (outcome.ended === undefined && Date.now() > giveUpAt)
        return [`node ${node}: a pod does not start within ${patienceMs / 1000} s: ${outcome.said}`];
      return [];
    });
    if (problems.length > 0) throw refused(api, problems);
    if (outcomes.every(({ ended }) => ended === "succeeded")) return;
    await sleep(500);
  }
}

function refused({ given: { plane, file, server } }: OwnerApi, problems: string[]): UserError {
  return new UserError(
    `${optionOf(plane)} ${file}: the cluster at ${server} is not set up for the local run:\n` +
      `${problems.map((problem) => `- ${problem}`).join("\n")}\n` +
      "Then run the same `./biplane up` again; `./biplane down` takes away what was made so far.",
  );
}

function webhookAdvice(plane: Plane, said: string): string {
  return `its API server must reach this machine's webhook at ${network.host}, TCP port ${webhookPorts[plane]}, and does not: ${said}. Route ${network.host} to this machine, and let the port in.`;
}

function imageAdvice(node: string, said: string): string {
  return `node ${node} cannot pull from ${names.registry}: ${said}
  On every node, containerd's registry config_path (such as /etc/containerd/certs.d) must hold
  ${names.registry}/hosts.toml with exactly:
${registryHosts.replace(/^/gm, "    ").trimEnd()}
  and the node must reach ${network.hosts.cloud.address}.`;
}

/** By name, so that nothing else of the bridge is reached in the machine's name: it may open the customer's API. */
export function networkAdvice(node: string, said: string): string {
  const { cloud, edge } = network.hosts;
  const addresses = [cloud.address, edge.address, network.relayFront].join(", ");
  return `pods on node ${node} cannot reach the local run: ${said}
  Pods must reach ${addresses} by TCP. Route ${network.subnet} to this machine on the nodes, and on this machine:
    sysctl -w net.ipv4.ip_forward=1
    nft add table ip given-cluster
    nft 'add chain ip given-cluster out { type nat hook postrouting priority srcnat; }'
    nft 'add rule ip given-cluster out oifname "${network.bridge}" ip daddr { ${addresses} } masquerade'`;
}
