import { startExecutor } from "../../services/data/executor/executor.ts";
import { podSettings } from "../../services/data/executor/testing/pod-settings.ts";
import { simulatedCluster } from "../../services/data/executor/testing/simulated-cluster.ts";
import { recordingLog } from "../../services/shared/testing/log.ts";
import { type ContractTask, executorContract } from "./executor-contract.ts";

const { cluster, watch } = simulatedCluster((pod) => {
  const task: ContractTask = JSON.parse(pod.spec?.containers[0]?.args?.[0] ?? "{}");
  const attempt = Number(pod.metadata?.labels?.attempt) - 1;
  const exits = task.exits ?? [0];
  return { runMs: task.seconds * 1_000, exitCode: exits[attempt] ?? exits.at(-1) ?? 0 };
});

executorContract("the simulated executor", {
  template: (task) => ({
    type: "python",
    metadata: { retries: { retries: task.retries ?? 0 } },
    target: { case: "container", value: { image: "task", args: [JSON.stringify(task)] } },
  }),
  start: async (queue) =>
    startExecutor({
      cluster,
      watch,
      namespaces: ["executor-contract"],
      upstream: queue,
      results: { read: async () => ({ outputs: false }) },
      worker: "customer/executor",
      capacity: 50,
      log: recordingLog().log,
      settings: { org: "acme", systemRetries: 3, startGraceMs: 2_000, historyMs: 600_000, pod: podSettings },
    }),
});
