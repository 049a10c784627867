/**
 * Three pods in a namespace of the probe's own: does this cluster enforce NetworkPolicy at all, and if it does, does the
 * plane's own keep a foreign pod out?
 */
import { CoreV1Api, NetworkingV1Api } from "@kubernetes/client-node";
import { z } from "zod";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import type { ProbedConnection } from "../facts-probes.ts";
import type { PlaneTarget } from "../target.ts";
import { withNamespace } from "./own-namespace.ts";
import { platformImage, restrictedPod } from "./pod.ts";
import { dialScript, listenScript } from "./pod-scripts.ts";
import { logOf, until } from "./pod-watch.ts";

const port = 8080;
const closedLabel = { "biplane.dev/probe-case": "closed" };

export type Dialled = { case: ProbedConnection["case"]; name: string; host: string; port: number };
const answersSchema = z.array(z.object({ connected: z.boolean(), told: z.string() }));

/** @throws Error where nothing can be said: the control does not connect, or the cluster does not enforce policies. */
export async function probeConnections(target: PlaneTarget): Promise<ProbedConnection[]> {
  const config = keptKubeConfig();
  config.loadFromFile(target.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const image = await platformImage(config, target);
  return withNamespace(core, async (namespace) => {
    await config.makeApiClient(NetworkingV1Api).createNamespacedNetworkPolicy({
      namespace,
      body: {
        metadata: { name: "closed" },
        spec: { podSelector: { matchLabels: closedLabel }, policyTypes: ["Ingress"], ingress: [] },
      },
    });
    const listen = ["node", "-e", listenScript(port)];
    const start = (name: string, command: string[], labels = {}) =>
      core.createNamespacedPod({ namespace, body: restrictedPod({ name, image, command, labels }) });
    await Promise.all([start("open", listen), start("closed", listen, closedLabel)]);
    const [open, closed] = await Promise.all(["open", "closed"].map((name) => addressOf(core, namespace, name)));
    const dialled: Dialled[] = [
      { case: "open", name: `Pod/${namespace}/open`, host: open ?? "", port },
      { case: "closed", name: `Pod/${namespace}/closed`, host: closed ?? "", port },
      ...(await listenersOf(core, target)),
    ];
    await start("dialler", ["node", "-e", dialScript(dialled)]);
    return told(dialled, await answersOf(core, namespace, "dialler"));
  });
}

/** @throws Error where nothing can be said */
export function told(dialled: Dialled[], answers: readonly { connected: boolean; told: string }[]): ProbedConnection[] {
  const found = dialled.map((one, at) => {
    const answer = answers[at];
    if (!answer) throw new Error(`the dialling pod told nothing of ${one.name}`);
    return { case: one.case, to: `${one.name}:${one.port}`, ...answer };
  });
  const lost = found.find((one) => one.case === "open" && !one.connected);
  if (lost) throw new Error(`${lost.to}, which nothing closes, cannot be reached: ${lost.told}`);
  const reached = found.find((one) => one.case === "closed" && one.connected);
  if (reached)
    throw new Error(`this cluster does not enforce NetworkPolicy: ${reached.to}, which one closes, was reached`);
  return found;
}

/** The platform's running pods that say which port they listen on. */
async function listenersOf(core: CoreV1Api, { namespace }: PlaneTarget): Promise<Dialled[]> {
  const { items } = await core.listNamespacedPod({ namespace, fieldSelector: "status.phase=Running" });
  return items.flatMap(({ metadata, spec, status }) => {
    const listening = spec?.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
    if (!listening || !status?.podIP) return [];
    return [
      { case: "plane" as const, name: `Pod/${namespace}/${metadata?.name}`, host: status.podIP, port: listening },
    ];
  });
}

async function addressOf(core: CoreV1Api, namespace: string, name: string): Promise<string> {
  const { podIP } = await until(core, { namespace, name }, "Running");
  if (!podIP) throw new Error(`Pod/${namespace}/${name} has no address`);
  return podIP;
}

async function answersOf(core: CoreV1Api, namespace: string, name: string) {
  return answersSchema.parse(JSON.parse(await logOf(core, { namespace, name })));
}
