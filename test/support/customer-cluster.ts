/** The customer's cluster as its administrator reaches it: a pod's port, a service's replicas, its settings. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { vi } from "vitest";
import { network } from "../../sandbox/hosts.ts";
import { enterNetwork } from "../../sandbox/network/namespace.ts";
import { environment } from "./local-run.ts";

export const platform = "union";
const kube = new KubeConfig();
kube.loadFromFile(environment.kubeconfigs.customer);
const core = kube.makeApiClient(CoreV1Api);
const apps = kube.makeApiClient(AppsV1Api);
const coordination = kube.makeApiClient(CoordinationV1Api);

export const customerCluster = { core, custom: kube.makeApiClient(CustomObjectsApi) };

const podsOf = async (service: string) => {
  const labelSelector = `app.kubernetes.io/name=${service}`;
  return (await core.listNamespacedPod({ namespace: platform, labelSelector })).items;
};

export async function readyPods(service: string) {
  return (await podsOf(service)).filter(({ status }) =>
    status?.conditions?.some((is) => is.type === "Ready" && is.status === "True"),
  );
}

/** Name of the pod that holds the service's Lease. */
export async function leaderOf(service: string): Promise<string> {
  const { spec } = await coordination.readNamespacedLease({ namespace: platform, name: service });
  // Pod, and a part that is new with each process.
  return (spec?.holderIdentity ?? "").replace(/-[^-]*$/, "");
}

/** At once, without a word to its process. */
export async function killPod(name: string): Promise<void> {
  await core.deleteNamespacedPod({ namespace: platform, name, gracePeriodSeconds: 0 });
}

/** What its pods are told by their environment. */
export async function settingsOf(service: string): Promise<Record<string, string>> {
  const { spec } = await apps.readNamespacedDeployment({ namespace: platform, name: service });
  const env = spec?.template.spec?.containers[0]?.env ?? [];
  return Object.fromEntries(env.map(({ name, value = "" }) => [name, value]));
}

/** Runs `work` while the service has no pod, and brings its pods back whatever comes. */
export async function without<T>(service: string, work: () => Promise<T>): Promise<T> {
  const { spec } = await apps.readNamespacedDeployment({ namespace: platform, name: service });
  await scale(service, 0);
  try {
    return await work();
  } finally {
    await scale(service, spec?.replicas ?? 1);
  }
}

async function scale(service: string, replicas: number): Promise<void> {
  const header = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  const body = { spec: { replicas } };
  await apps.patchNamespacedDeploymentScale({ namespace: platform, name: service, body }, header);
  const settled = async () => {
    const pods = await podsOf(service);
    if (pods.length !== replicas || (await readyPods(service)).length !== replicas)
      throw new Error(`${service} has ${pods.length} pods`);
  };
  await vi.waitFor(settled, { timeout: 60_000, interval: 500 });
}

export interface ForwardedPort {
  port: number;
  close(): void;
}

/**
 * The service's port in the cluster, on loopback. The platform's admission refuses sessions such as `kubectl
 * port-forward`, so this goes in as the node itself does: only where the cluster is one of ours.
 */
export async function forwardPort(service: string, target: number): Promise<ForwardedPort> {
  const { spec } = await core.readNamespacedService({ namespace: platform, name: service });
  const path = join(mkdtempSync(join(tmpdir(), "biplane-port-")), "socket");
  const [command = "", ...args] = enterNetwork(network.hosts.customer.namespace);
  const inside = `
    const { connect, createServer } = require("node:net");
    createServer((near) => {
      const far = connect(${target}, ${JSON.stringify(spec?.clusterIP)});
      near.on("error", () => far.destroy());
      far.on("error", () => near.destroy());
      near.pipe(far).pipe(near);
    }).listen(${JSON.stringify(path)}, () => console.log("listening"));`;
  const relay = spawn(command, [...args, process.execPath, "-e", inside], { stdio: ["ignore", "pipe", "inherit"] });
  await once(relay.stdout, "data");
  const server = createServer((near) => {
    const far = connect(path);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    relay.kill();
    rmSync(dirname(path), { recursive: true, force: true });
  };
  return { port: (server.address() as AddressInfo).port, close };
}
