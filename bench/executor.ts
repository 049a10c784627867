/**
 * `node bench/executor.ts [COUNT]`: what the executor costs with thousands of TaskActions in flight at once. Its pods are
 * simulated: no kubelet, no API server, no object store and no network stand between, so these are its own rules alone.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startExecutor } from "../services/data/executor/executor.ts";
import { fakeQueue } from "../services/data/executor/testing/fake-queue.ts";
import { podSettings } from "../services/data/executor/testing/pod-settings.ts";
import { simulatedCluster } from "../services/data/executor/testing/simulated-cluster.ts";
import { createLogger } from "../services/shared/log.ts";

const count = Number(process.argv[2] ?? 5_000);
const queue = fakeQueue({ project: "bench", domain: "executor" });
let release: () => void = () => undefined;
const released = new Promise<void>((resolve) => {
  release = resolve;
});
const { cluster, watch } = simulatedCluster(() => ({ runMs: 0, before: () => released }));

const start = () =>
  startExecutor({
    cluster,
    watch,
    namespaces: ["bench-executor"],
    upstream: queue,
    results: { read: async () => ({ outputs: false }) },
    worker: "bench/executor",
    capacity: count,
    log: createLogger("bench", { level: "error" }),
    settings: { org: "acme", systemRetries: 3, startGraceMs: 60_000, historyMs: 3_600_000, pod: podSettings },
  });

/** Seconds until every action has told this. */
async function toldByAll(word: string): Promise<number> {
  const began = performance.now();
  while (queue.reports.length < count || new Set(saying(word)).size < count) await sleep(20);
  return (performance.now() - began) / 1_000;
}

function saying(word: string): string[] {
  return queue.words.flatMap(([run, said]) => (said === word ? [run] : []));
}

const mebibytes = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1024 / 1024;
};

const before = mebibytes();
let executor = start();
for (let number = 0; number < count; number++) {
  queue.lease({ run: `r${number}` }, { type: "python", target: { case: "container", value: { image: "task" } } });
}
const running = await toldByAll("RUNNING#1");
const inFlight = mebibytes();

await executor.stop();
queue.forget();
executor = start();
const resumed = await toldByAll("RUNNING#1");

queue.forget();
release();
const ended = await toldByAll("SUCCEEDED#1");
await executor.stop();

const rate = (seconds: number) => `${seconds.toFixed(2)} s, ${Math.round(count / seconds)} a second`;
process.stdout.write(`${count} TaskActions, simulated pods
  leased → running, all told       ${rate(running)}
  taken up again after a restart   ${rate(resumed)}
  ended, all told                  ${rate(ended)}
  memory in flight, objects too    ${Math.round(inFlight - before)} MiB more than the ${Math.round(before)} MiB before
`);
