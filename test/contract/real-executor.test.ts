/** On the customer's real node: its API server, scheduler, kubelet and garbage collector. */
import { ApiException, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, vi } from "vitest";
import { startExecutor } from "../../services/data/executor/executor.ts";
import { startCaches } from "../../services/data/executor/informers.ts";
import { kubernetesCluster } from "../../services/data/executor/kubernetes-cluster.ts";
import { kubernetesRetirement, retire } from "../../services/data/executor/retirement.ts";
import { podSettings } from "../../services/data/executor/testing/pod-settings.ts";
import { recordingLog } from "../../services/shared/testing/log.ts";
import { environment } from "../support/local-run.ts";
import { executorContract } from "./executor-contract.ts";

const namespace = "executor-contract";
const served = { namespaces: [namespace], onDemand: new Set<string>() };
const kube = new KubeConfig();
kube.loadFromFile(environment.kubeconfigs.customer);
const core = kube.makeApiClient(CoreV1Api);
const { log } = recordingLog();

beforeAll(async () => {
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  await core.createNamespacedSecret({
    namespace,
    body: { metadata: { name: podSettings.eagerSecret }, stringData: { "api-key": "of-no-use" } },
  });
});

afterAll(async () => {
  await retire(kubernetesRetirement(kube, { namespace, name: "executor" }, served), kubernetesCluster(kube), log);
  await core.deleteNamespace({ name: namespace });
  await vi.waitFor(
    () =>
      core.readNamespace({ name: namespace }).then(
        () => Promise.reject(new Error("the namespace is still there")),
        (error: unknown) => {
          if (!(error instanceof ApiException && error.code === 404)) throw error;
        },
      ),
    { timeout: 90_000, interval: 500 },
  );
});

executorContract("the real executor", {
  template({ seconds, exits = [0], retries = 0 }) {
    const cases = exits.map((code, attempt) => `${attempt === exits.length - 1 ? "*" : attempt}) exit ${code};;`);
    const script = `sleep ${seconds}; case $FLYTE_ATTEMPT_NUMBER in ${cases.join(" ")} esac`;
    const value = { image: "localhost/pause:1", command: ["/bin/busybox", "sh", "-c"], args: [script] };
    return { type: "python", metadata: { retries: { retries } }, target: { case: "container", value } };
  },
  start: async (queue) =>
    startExecutor({
      cluster: kubernetesCluster(kube),
      watch: (events, signal) => startCaches(kube, served, events, log, signal),
      namespaces: [namespace],
      upstream: queue,
      results: { read: async () => ({ outputs: false }) },
      worker: "customer/executor",
      capacity: 50,
      log,
      settings: {
        org: "acme",
        systemRetries: 3,
        startGraceMs: 2_000,
        historyMs: 600_000,
        pod: {
          ...podSettings,
          resources: {
            defaultRequests: { cpu: "5m", memory: "16Mi" },
            defaultLimits: { cpu: "500m", memory: "32Mi" },
            maximum: { cpu: "1", memory: "64Mi" },
          },
        },
      },
    }),
});
