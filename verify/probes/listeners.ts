/**
 * A handshake with every port that a pod of the platform's listens on, from a restricted pod of the probe's own: with those
 * that are declared, and with some that programs like to open without a word.
 */
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import { shipperNamespace } from "../../components/logs/contract.ts";
import { storeNamespace } from "../../components/metrics-store/contract.ts";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import { type ProbedListener, spoken } from "../facts-probes.ts";
import { listenersOf } from "../reason/listeners.ts";
import type { PlaneTarget } from "../target.ts";
import { withNamespace } from "./own-namespace.ts";
import { platformImage, restrictedPod } from "./pod.ts";
import { handshakeScript, listenScript } from "./pod-scripts.ts";
import { logOf, until } from "./pod-watch.ts";

const controlPort = 8080;
/** A cluster's own API, by the name that every pod knows. */
const api = { host: "kubernetes.default.svc", port: 443 };

/** Where servers, exporters, profilers and debuggers listen when nobody says otherwise. */
const usualPorts = [
  80, 443, 2019, 2020, 3000, 4040, 5000, 6060, 8000, 8080, 8081, 8086, 8088, 8125, 8443, 8888, 9000, 9090, 9091, 9100,
  9102, 9229, 9273, 9464, 10254, 15000, 20241,
];

const answerSchema = z.object({ host: z.string(), port: z.int(), speaks: z.enum(spoken), told: z.string() });
type Answer = z.infer<typeof answerSchema>;

/** @throws Error where nothing can be said: what is known to speak in clear, or by TLS, was not seen to. */
export async function probeListeners(target: PlaneTarget): Promise<ProbedListener[]> {
  const config = keptKubeConfig();
  config.loadFromFile(target.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const image = await platformImage(config, target);
  return withNamespace(core, async (namespace) => {
    const start = (name: string, script: string) =>
      core.createNamespacedPod({ namespace, body: restrictedPod({ name, image, command: ["node", "-e", script] }) });
    await start("clear", listenScript(controlPort));
    const { podIP = "" } = await until(core, { namespace, name: "clear" }, "Running");
    const pods = await running(core, [target.namespace, shipperNamespace, storeNamespace]);
    const tried = [{ host: podIP, port: controlPort }, api, ...pods.flatMap(endsOf)];
    await start("handshakes", handshakeScript(tried));
    const answers = z.array(answerSchema).parse(JSON.parse(await logOf(core, { namespace, name: "handshakes" })));
    return heard(pods, answers, { clear: podIP });
  });
}

async function running(core: CoreV1Api, namespaces: readonly string[]): Promise<V1Pod[]> {
  const lists = await Promise.all(
    namespaces.map((namespace) => core.listNamespacedPod({ namespace, fieldSelector: "status.phase=Running" })),
  );
  return lists.flatMap(({ items }) => items).filter(({ metadata }) => !metadata?.deletionTimestamp);
}

function endsOf(pod: V1Pod): { host: string; port: number }[] {
  const host = pod.status?.podIP;
  if (!host) return [];
  return [...new Set([...listenersOf(pod).map(({ port }) => port), ...usualPorts])].map((port) => ({ host, port }));
}

/**
 * What a pod declares, and what was found open beside it.
 * @throws Error where the controls did not end as they must
 */
export function heard(
  pods: readonly V1Pod[],
  answers: readonly Answer[],
  control: { clear: string },
): ProbedListener[] {
  const answerOf = (host: string | undefined, port: number) =>
    answers.find((answer) => answer.host === host && answer.port === port);
  requireSpoken(answerOf(control.clear, controlPort), "not by TLS", "a listener in clear, of the probe's own,");
  requireSpoken(answerOf(api.host, api.port), "by TLS", "the cluster's API");
  return pods.flatMap((pod): ProbedListener[] => {
    const { metadata, status } = pod;
    const declared = listenersOf(pod);
    const silent = { speaks: "nothing", told: "was not tried" } as const;
    return [
      ...declared.map((one) => {
        const { speaks, told } = answerOf(status?.podIP, one.port) ?? silent;
        return { ...one, declared: true, speaks, told };
      }),
      ...answers
        .filter(({ host, port, speaks }) => {
          return host === status?.podIP && speaks !== "nothing" && !declared.some((one) => one.port === port);
        })
        .map(({ port, speaks, told }) => ({
          ...{ pod: `${metadata?.namespace}/${metadata?.name}`, container: "", port, declared: false },
          ...{ kubelet: "not at all" as const, givenCertificate: false, speaks, told },
        })),
    ];
  });
}

function requireSpoken(answer: Answer | undefined, speaks: Answer["speaks"], who: string): void {
  if (answer?.speaks === speaks) return;
  throw new Error(`${who} speaks ${speaks}, and was heard to speak ${answer?.speaks ?? "not at all"}: ${answer?.told}`);
}
