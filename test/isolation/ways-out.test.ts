/** Who of the compute plane's services can open a connection to whom, dialled from within their own pods' networks. */
import { KubeConfig, NetworkingV1Api } from "@kubernetes/client-node";
import { afterAll, describe, expect, it, vi } from "vitest";
import { selectorOf } from "../../components/workloads/labels.ts";
import { network } from "../../sandbox/hosts.ts";
import { tcpProbes } from "../../sandbox/network/index.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { customerCluster, platform } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment } from "../support/local-run.ts";
import { podNetworks } from "../support/pod-network.ts";

const { proves } = evidenceFor("isolation/ways-out");
const kube = new KubeConfig();
kube.loadFromFile(environment.kubeconfigs.customer);
const networking = kube.makeApiClient(NetworkingV1Api);
const enforced = environment.networkPolicy === "enforced" && environment.clusters.customer === "own";
const patience = { timeout: 60_000, interval: 500 };

/** All that is outside of the customer's cloud and answers the customer's node. */
const region = {
  edge: { address: network.hosts.edge.address, port: 443 },
  relay: { address: network.relayFront, port: 443 },
};
const ownCloud = { cloud: { address: network.hosts.cloud.address, port: 443 } };

type Ends = Record<string, { address: string; port: number }>;

/** @returns by the ends' names, whether each of the service's pods could open a connection to it. */
async function dial(service: string, to: Ends): Promise<Record<string, boolean>[]> {
  const pods = podNetworks(service);
  expect(pods.length, `pods of ${service}`).toBeGreaterThan(0);
  return Promise.all(
    pods.map(async (pod) => {
      const outcomes = await tcpProbes(pod, Object.values(to));
      return Object.fromEntries(Object.keys(to).map((name, at) => [name, outcomes[at] === "connected"]));
    }),
  );
}

async function tunnelEnd() {
  const { spec } = await customerCluster.core.readNamespacedService({ namespace: platform, name: "tunnel" });
  return { tunnel: { address: spec?.clusterIP ?? "", port: spec?.ports?.[0]?.port ?? 0 } };
}

describe.skipIf(!enforced)("on a network that enforces policies", needs("network-policy"), () => {
  const sabotage = "ways-out-sabotage";

  afterAll(() =>
    networking.deleteNamespacedNetworkPolicy({ namespace: platform, name: sabotage }).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === 404)) throw error;
    }),
  );

  it("the tunnel reaches the region", async () => {
    for (const each of await dial("tunnel", region)) expect(each).toEqual({ edge: true, relay: true });
  });

  it("the executor reaches the cluster, its cloud and the tunnel, and nothing else that is outside", async () => {
    proves(
      ["exec-only-external-link-is-tunnel"],
      "a policy that lets it out to the region is added: the same dial from its pod is answered",
    );
    const seen = await dial("executor", { ...region, ...ownCloud, ...(await tunnelEnd()) });
    for (const each of seen) expect(each).toEqual({ edge: false, relay: false, cloud: true, tunnel: true });
    await networking.createNamespacedNetworkPolicy({
      namespace: platform,
      body: {
        metadata: { name: sabotage },
        spec: {
          podSelector: { matchLabels: selectorOf("executor") },
          policyTypes: ["Egress"],
          egress: [{ to: Object.values(region).map(({ address }) => ({ ipBlock: { cidr: `${address}/32` } })) }],
        },
      },
    });
    await vi.waitFor(async () => {
      for (const each of await dial("executor", region)) expect(each).toEqual({ edge: true, relay: true });
    }, patience);
  });

  it.each(["objectstore", "logs", "secrets"])("%s reaches nothing of the region either", async (service) => {
    for (const each of await dial(service, region)) expect(each).toEqual({ edge: false, relay: false });
  });

  it("all of it is reached from the node, whom no policy keeps in", async () => {
    const ends = Object.values({ ...region, ...ownCloud, ...(await tunnelEnd()) });
    const outcomes = await tcpProbes(network.hosts.customer.namespace, ends);
    expect(outcomes).toEqual(ends.map(() => "connected"));
  });
});
