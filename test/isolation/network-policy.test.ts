/** NetworkPolicy as live TCP connections meet it: each refusal beside the same dial from, or to, a pod that none selects. */
import { randomUUID } from "node:crypto";
import { KubeConfig, KubernetesObjectApi, NetworkingV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { projectNamespace } from "../../components/compute-plane/project-domain.ts";
import { manifestsOf, planProject } from "../../components/compute-plane/project-plan.ts";
import { clusters, network } from "../../sandbox/hosts.ts";
import { tcpProbes } from "../../sandbox/network/index.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { restrictedPod } from "../../verify/probes/pod.ts";
import { dialScript, listenScript } from "../../verify/probes/pod-scripts.ts";
import { customerCluster, platform } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment } from "../support/local-run.ts";

const { proves } = evidenceFor("isolation/network-policy");
const { core } = customerCluster;
const kube = new KubeConfig();
kube.loadFromFile(environment.kubeconfigs.customer);
const networking = kube.makeApiClient(NetworkingV1Api);
const objects = KubernetesObjectApi.makeApiClient(kube);
const enforced = environment.networkPolicy === "enforced" && environment.clusters.customer === "own";

/** A project of the stack's, one with the walls that any project has, and a namespace that has none. */
const project = `${environment.project}-${environment.domain}`;
const neighbour = projectNamespace({ project: "netpol", domain: "neighbour" });
const open = "netpol-open";
const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
const image = environment.servicesImage;
const port = 8080;
/** So that pods of a run of this file that was cut short are nobody's. */
const mark = randomUUID().slice(0, 6);
const patience = { timeout: 90_000, interval: 500 };

interface End {
  host: string;
  port: number;
}
type Ends = Record<string, End>;
const answersSchema = z.array(z.object({ connected: z.boolean(), told: z.string() }));

const made: { namespace: string; name: string }[] = [];
const gone = (error: unknown) => {
  if (!(error instanceof Error && "code" in error && error.code === 404)) throw error;
};

async function start(namespace: string, name: string, script: string): Promise<void> {
  made.push({ namespace, name });
  await core.createNamespacedPod({
    namespace,
    body: restrictedPod({ name, image, command: ["node", "-e", script] }),
  });
}

async function listener(namespace: string): Promise<End> {
  const name = `netpol-listener-${mark}`;
  await start(namespace, name, listenScript(port));
  const host = await vi.waitFor(async () => {
    const { status } = await core.readNamespacedPod({ namespace, name });
    expect(status?.phase).toBe("Running");
    return status?.podIP ?? "";
  }, patience);
  return { host, port };
}

let dialled = 0;

/** @returns by the ends' names, whether a pod of the namespace could open a connection to each. */
async function dial(namespace: string, to: Ends): Promise<Record<string, boolean>> {
  const name = `netpol-dialler-${mark}-${++dialled}`;
  await start(namespace, name, dialScript(Object.values(to)));
  await vi.waitFor(async () => {
    expect((await core.readNamespacedPod({ namespace, name })).status?.phase).toBe("Succeeded");
  }, patience);
  const answers = answersSchema.parse(JSON.parse(await core.readNamespacedPodLog({ namespace, name })));
  return Object.fromEntries(Object.keys(to).map((end, at) => [end, answers[at]?.connected ?? false]));
}

/** The platform's pods that say which port they listen on. */
async function platformEnds(): Promise<Ends> {
  const { items } = await core.listNamespacedPod({ namespace: platform, fieldSelector: "status.phase=Running" });
  const ends = items.flatMap(({ metadata, spec, status }) => {
    const listening = spec?.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
    return listening && status?.podIP ? [[metadata?.name ?? "", { host: status.podIP, port: listening }] as const] : [];
  });
  return Object.fromEntries(ends);
}

const every = (ends: Ends, connected: boolean) =>
  Object.fromEntries(Object.keys(ends).map((name) => [name, connected]));

describe.skipIf(!enforced)("on a network that enforces policies", needs("network-policy"), () => {
  const node = network.hosts.customer.address;
  /** Where a task works: its objects, the control plane, names. */
  const needed: Ends = {
    "object store": { host: network.hosts.cloud.address, port: 443 },
    "control plane": { host: network.hosts.edge.address, port: 443 },
    dns: { host: clusters.customer.dns, port: 53 },
  };
  const ofNode: Ends = {
    kubelet: { host: node, port: 10_250 },
    registry: { host: network.hosts.cloud.address, port: 5000 },
  };
  let services: Ends;
  let pods: Record<"open" | "neighbour" | "project", End>;
  let fromProject: Record<string, boolean>;
  let fromOpen: Record<string, boolean>;

  beforeAll(async () => {
    await Promise.all([open, neighbour].map((name) => core.deleteNamespace({ name }).catch(gone)));
    await vi.waitFor(async () => {
      const { items } = await core.listNamespace();
      expect(items.map(({ metadata }) => metadata?.name).filter((name) => name === open || name === neighbour)).toEqual(
        [],
      );
    }, patience);
    await Promise.all(
      [open, neighbour].map((name) => core.createNamespace({ body: { metadata: { name, labels: restricted } } })),
    );
    const settings = { org: environment.org, dnsServers: [`${clusters.customer.dns}/32`] };
    const plan = planProject({ project: "netpol", domain: "neighbour" }, settings);
    const manifests = manifestsOf(plan, { platform, identity: "none", apiKey: "none" });
    for (const each of manifests.filter(({ kind }) => kind === "NetworkPolicy")) await objects.create(each);
    const [free, walled, own] = await Promise.all([open, neighbour, project].map(listener));
    if (!free || !walled || !own) throw new Error("a listener is missing");
    pods = { open: free, neighbour: walled, project: own };
    services = await platformEnds();
    const all = { ...pods, ...services, ...needed, ...ofNode };
    [fromProject, fromOpen] = await Promise.all([dial(project, all), dial(open, all)]);
  });

  afterAll(async () => {
    for (const { namespace, name } of made)
      if (namespace === project) await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }).catch(gone);
    await Promise.all([open, neighbour].map((name) => core.deleteNamespace({ name }).catch(gone)));
  });

  it("all that is refused to pods listens: the node, whom no policy keeps out, reaches it", async () => {
    const listening = [...Object.values(pods), ...Object.values(services)];
    const targets = listening.map(({ host, port }) => ({ address: host, port }));
    expect(await tcpProbes(network.hosts.customer.namespace, targets)).toEqual(targets.map(() => "connected"));
  });

  it("a pod that no policy selects reaches one that none selects, the node, and all that is outside", () => {
    expect(fromOpen).toMatchObject({ open: true, ...every(ofNode, true), ...every(needed, true) });
  });

  it("a project's pod reaches what a task works with", () => {
    expect(fromProject).toMatchObject(every(needed, true));
  });

  it("a project's pod reaches no other project's pod, none beside it, none of the platform's and not the node", () => {
    expect(Object.keys(services).length).toBeGreaterThan(3);
    expect(fromProject).toMatchObject({ open: false, neighbour: false, project: false });
    expect(fromProject).toMatchObject({ ...every(services, false), ...every(ofNode, false) });
  });

  it("nobody reaches a project's pod or the platform's, and only the policies are why", async () => {
    proves(
      ["k8s-network-policies-isolate-pods"],
      "the neighbour's policies are removed: its pod answers the same dial, and itself reaches the node",
    );
    expect(fromOpen).toMatchObject({ neighbour: false, project: false, ...every(services, false) });
    await networking.deleteCollectionNamespacedNetworkPolicy({ namespace: neighbour });
    await vi.waitFor(
      async () => expect(await dial(open, { neighbour: pods.neighbour })).toEqual({ neighbour: true }),
      patience,
    );
    expect(await dial(neighbour, { ...ofNode, open: pods.open })).toEqual({ ...every(ofNode, true), open: true });
  });
});
