/**
 * What the executor adds to a pod: a TaskAction until it has succeeded, beside a bare pod of the very same specification,
 * in turn in one run. Both are timed by what the cluster's API tells this process. The planes must be up:
 * `eval "$(./biplane env --shell)"`, then `node bench/pods.ts`.
 */
import { randomBytes } from "node:crypto";
import { type KubernetesListObject, type KubernetesObject, type V1Pod, Watch } from "@kubernetes/client-node";
import { plainTable } from "../cli/print.ts";
import { keptKubeConfig } from "../shared/kube-config.ts";
import { containerRun } from "../test/support/container-run.ts";
import { customerCluster } from "../test/support/customer-cluster.ts";
import { environment } from "../test/support/local-run.ts";
import { runClient } from "../test/support/runs.ts";

const rounds = 5;
const patienceMs = 60_000;
const namespace = `${environment.project}-${environment.domain}`;
const { core, custom } = customerCluster;
const runs = await runClient();
const kube = keptKubeConfig();
kube.loadFromFile(environment.kubeconfigs.customer);

interface Ending extends KubernetesObject {
  status?: {
    conditions?: { type: string; status: string }[];
    containerStatuses?: { state?: { terminated?: { exitCode: number } } }[];
  };
}

/** Of a pod its one container's end: its phase is told a second later, once all that it had is gone. */
const hasSucceeded = ({ status: { conditions = [], containerStatuses = [] } = {} }: Ending) =>
  conditions.some(({ type, status }) => type === "Succeeded" && status === "True") ||
  containerStatuses.some(({ state }) => state?.terminated?.exitCode === 0);

interface Kind {
  path: string;
  /** What is watched from: a server may hold a watch from nowhere in particular until it has caught up. */
  version(): Promise<string | undefined>;
}

const actions: Kind = {
  path: `/apis/flyte.org/v1/namespaces/${namespace}/taskactions`,
  async version() {
    const kind = { group: "flyte.org", version: "v1", namespace, plural: "taskactions" };
    const list: KubernetesListObject<KubernetesObject> = await custom.listNamespacedCustomObject({ ...kind, limit: 1 });
    return list.metadata?.resourceVersion;
  },
};
const pods: Kind = {
  path: `/api/v1/namespaces/${namespace}/pods`,
  version: async () => (await core.listNamespacedPod({ namespace, limit: 1 })).metadata?.resourceVersion,
};

/** @returns ms from when the object was there until it had succeeded */
async function untilSucceeded({ path, version }: Kind, name: string, begin: () => Promise<unknown>): Promise<number> {
  const options = { fieldSelector: `metadata.name=${name}`, resourceVersion: await version() };
  let there = 0;
  let watching: AbortController | undefined;
  try {
    return await new Promise<number>((resolve, reject) => {
      const late = new Error(`${name} has not succeeded within ${patienceMs / 1_000} s`);
      setTimeout(() => reject(late), patienceMs).unref();
      const told = (type: string, object: Ending) => {
        if (type === "ADDED") there = performance.now();
        if (hasSucceeded(object)) resolve(performance.now() - there);
      };
      new Watch(kube)
        .watch(path, options, told, (error) => reject(error ?? new Error(`the cluster told no more of ${name}`)))
        .then((controller) => {
          watching = controller;
          return begin();
        })
        .catch(reject);
    });
  } finally {
    watching?.abort();
  }
}

/** @returns with the name of its run */
async function taskAction(): Promise<{ ms: number; run: string }> {
  const run = `bench-${randomBytes(4).toString("hex")}`;
  const ms = await untilSucceeded(actions, `${run}-a0`, () => runs.client.createRun(containerRun(run)));
  return { ms, run };
}

/** What a pod of the run was, without what its cluster and its owner gave it. */
async function specificationOf(run: string): Promise<V1Pod["spec"]> {
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: `flyte.org/run=${run}` });
  const { nodeName: _, ...spec } = items[0]?.spec ?? { containers: [] };
  return spec;
}

async function barePod(spec: V1Pod["spec"]): Promise<number> {
  const name = `bench-${randomBytes(4).toString("hex")}`;
  const body = { metadata: { name }, spec };
  try {
    return await untilSucceeded(pods, name, () => core.createNamespacedPod({ namespace, body }));
  } finally {
    await core.deleteNamespacedPod({ name, namespace });
  }
}

const spec = await specificationOf((await taskAction()).run);
const seen: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
for (let round = 0; round < rounds; round++) {
  seen.ours.push((await taskAction()).ms);
  seen.bare.push(await barePod(spec));
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const [ours, bare] = [median(seen.ours), median(seen.bare)];
const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
const table = plainTable(["what", "measured", "to reach"]);
table.push(["TaskAction until it has succeeded", seconds(ours), ""]);
table.push(["a bare pod of the same specification", seconds(bare), ""]);
table.push(["ratio", (ours / bare).toFixed(2), "≤ 1.2"]);
process.stdout.write(`${table.toString()}\n`);
