/** Against the customer's real node: its API server, scheduler, kubelet and garbage collector. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiException,
  ApiextensionsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  loadYaml,
  type V1CustomResourceDefinition,
} from "@kubernetes/client-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { taskActionCrd } from "../../../components/workloads/task-action-crd.ts";
import { Resources_ResourceName } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { paths } from "../../../sandbox/paths.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { type Executor, startExecutor } from "./executor.ts";
import { startCaches } from "./informers.ts";
import { kubernetesCluster } from "./kubernetes-cluster.ts";
import type { Results } from "./outcome.ts";
import { kubernetesRetirement, retire } from "./retirement.ts";
import { fakeQueue } from "./testing/fake-queue.ts";
import { podSettings } from "./testing/pod-settings.ts";

const namespace = "executor-test";
const served = { namespaces: [namespace], onDemand: new Set<string>() };
const kube = new KubeConfig();
kube.loadFromFile(join(paths().credentials, "kubeconfig-customer"));
const core = kube.makeApiClient(CoreV1Api);
const custom = kube.makeApiClient(CustomObjectsApi);
const actions = { group: "flyte.org", version: "v1", plural: "taskactions", namespace };

const queue = fakeQueue();
/** What the tasks "wrote", by folder; a busybox writes no protobuf. */
const written = new Map<string, Results>();
const { log, lines } = recordingLog("executor");
let executor: Executor;

function start(historyMs = 600_000): Executor {
  return startExecutor({
    cluster: kubernetesCluster(kube),
    watch: (events, signal) => startCaches(kube, served, events, log, signal),
    namespaces: [namespace],
    upstream: queue,
    results: { read: async (prefix) => written.get(prefix) ?? { outputs: false } },
    worker: "customer/executor",
    capacity: 50,
    log,
    settings: {
      org: "acme",
      systemRetries: 3,
      startGraceMs: 2_000,
      historyMs,
      pod: {
        ...podSettings,
        resources: {
          defaultRequests: { cpu: "5m", memory: "16Mi" },
          defaultLimits: { cpu: "500m", memory: "32Mi" },
          maximum: { cpu: "1", memory: "64Mi" },
        },
      },
    },
  });
}

beforeAll(async () => {
  const crd = loadYaml<V1CustomResourceDefinition>(
    JSON.stringify({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", ...taskActionCrd }),
  );
  await unlessThere(kube.makeApiClient(ApiextensionsV1Api).createCustomResourceDefinition({ body: crd }));
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await unlessThere(core.createNamespace({ body: { metadata: { name: namespace, labels } } }));
  const secret = { metadata: { name: "eager-api-key" }, stringData: { "api-key": "none" } };
  await unlessThere(core.createNamespacedSecret({ namespace, body: secret }));
  await until(() =>
    core.readNamespacedServiceAccount({ namespace, name: "default" }).then(
      () => true,
      () => false,
    ),
  );
  executor = start();
});

afterAll(async () => {
  await executor.stop();
  // There is no Deployment here, so this executor is removed for good: without its finalizers the namespace can go.
  await retire(kubernetesRetirement(kube, { namespace, name: "executor" }, served), kubernetesCluster(kube), log);
  await core.deleteNamespace({ name: namespace });
  await until(async () => (await remaining()).length === 0);
});

async function remaining(): Promise<object[]> {
  const list: { items: object[] } = await custom.listNamespacedCustomObject(actions);
  return list.items;
}

afterEach(({ task }) => {
  if (task.result?.state === "fail") console.log(lines.slice(-15).join("\n"));
});

async function unlessThere(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof ApiException && error.code === 409)) throw error;
  });
}

async function until(check: () => boolean | Promise<boolean>, seconds = 40): Promise<void> {
  for (const end = Date.now() + seconds * 1_000; !(await check()); await sleep(100)) {
    if (Date.now() > end) throw new Error(`not so within ${seconds} s: ${check}`);
  }
}

const shell = (script: string, more: object = {}) => ({
  type: "python",
  target: {
    case: "container" as const,
    value: { image: "localhost/pause:1", command: ["/bin/busybox", "sh", "-c"], args: [script] },
  },
  ...more,
});
const fresh = () => `r${randomBytes(5).toString("hex")}`;
const folder = (run: string, attempt = 1, action = "a0") => `s3://meta/acme/executor/test/${run}/${action}/${attempt}`;
const told = (run: string, word: string, action = "a0") => until(() => queue.told(run, action).includes(word));
const read = (name: string) => custom.getNamespacedCustomObject({ ...actions, name });
const gone = (name: string) =>
  until(() =>
    read(name).then(
      () => false,
      () => true,
    ),
  );
const podOf = (run: string, attempt = 0, action = "a0") =>
  core.readNamespacedPod({ namespace, name: `${run}-${action}-${attempt}` });

describe("one action", () => {
  it("runs to its end, is reported in order, and leaves a whole record", async () => {
    const run = fresh();
    written.set(folder(run), { outputs: true });
    queue.lease({ run }, shell("echo {{.runName}} $ACTION_NAME; sleep 1"));
    await told(run, "SUCCEEDED#1");
    expect(queue.told(run)).toEqual(
      ["QUEUED#1", "INITIALIZING#1", "RUNNING#1", "SUCCEEDED#1"].filter((phase) => queue.told(run).includes(phase)),
    );
    expect(queue.reports.find(({ key, outputUri }) => key?.run === run && outputUri)?.outputUri).toBe(folder(run));
    expect(await core.readNamespacedPodLog({ namespace, name: `${run}-a0-0` })).toBe(`${run} a0\n`);
    await until(async () => (await read(`${run}-a0`)).metadata.labels["flyte.org/terminal-status-recorded"] === "true");
    const { status, metadata } = await read(`${run}-a0`);
    expect(status.conditions).toMatchObject([{ type: "Succeeded", status: "True", reason: "Completed" }]);
    expect(status.reportedPhases).toBe(status.phaseHistory.length);
    expect(metadata.labels).toMatchObject({ "biplane.dev/org": "acme", "flyte.org/termination-status": "terminated" });
  });

  it("is tried again after a crash, in a new pod, as often as it asks for", async () => {
    const run = fresh();
    queue.lease({ run }, shell("exit 3", { metadata: { retries: { retries: 1 } } }));
    await told(run, "FAILED#2");
    const words = queue.told(run);
    expect(words.indexOf("FAILED#1~")).toBeLessThan(words.indexOf("QUEUED#2"));
    const { error } = queue.reports.findLast(({ key }) => key?.run === run) ?? {};
    expect([error?.code, error?.message]).toEqual(["NonZeroExit", expect.stringContaining("exit code 3")]);
  });

  it("tells a traceback that the task wrote", async () => {
    const run = fresh();
    const error = { code: "ValueError", message: "Traceback: …", kind: "USER", recoverable: false } as const;
    written.set(folder(run), { outputs: false, error });
    queue.lease({ run }, shell("exit 0"));
    await told(run, "FAILED#1");
    expect(queue.reports.findLast(({ key }) => key?.run === run)?.error).toMatchObject({
      code: "ValueError",
      message: "Traceback: …",
    });
  });

  it.each([
    ["memory runs out", shell("x=a; while true; do x=$x$x; done"), "OOMKilled"],
    [
      "there is no such command",
      {
        ...shell(""),
        target: { case: "container" as const, value: { image: "localhost/pause:1", command: ["/none"] } },
      },
      "ContainerCannotRun",
    ],
    [
      "there is no such image",
      { ...shell(""), target: { case: "container" as const, value: { image: "registry.biplane.test/none:1" } } },
      "ImagePullBackOff",
    ],
    ["it runs too long", shell("sleep 60", { metadata: { timeout: { seconds: 2n } } }), "MAX_RUNTIME_EXCEEDED"],
    [
      "admission refuses its pod",
      {
        type: "python",
        config: { primary_container_name: "p" },
        target: {
          case: "k8sPod" as const,
          value: { primaryContainerName: "p", podSpec: { hostNetwork: true, containers: [{ name: "p", image: "i" }] } },
        },
      },
      "InvalidSpec",
    ],
  ])("fails with words of its own when %s", async (_, template, code) => {
    const run = fresh();
    queue.lease({ run }, template);
    await until(() => queue.reports.some(({ key, error }) => key?.run === run && error?.code === code), 60);
  });

  it("survives the deletion of its pod, at the platform's cost", async () => {
    const run = fresh();
    queue.lease({ run }, shell("[ $FLYTE_ATTEMPT_NUMBER = 1 ] && exit 0; sleep 60"));
    written.set(folder(run, 2), { outputs: true });
    await told(run, "RUNNING#1");
    await core.deleteNamespacedPod({ namespace, name: `${run}-a0-0`, gracePeriodSeconds: 0 });
    await told(run, "SUCCEEDED#2");
    expect((await read(`${run}-a0`)).status).toMatchObject({ attempts: 2, systemFailures: 1 });
  });
});

describe("a pod of the author's own making", () => {
  it("ends with its primary container; its sidecar does not hold it up", async () => {
    const run = fresh();
    written.set(folder(run), { outputs: true });
    const container = (name: string, script: string) => ({
      name,
      image: "localhost/pause:1",
      command: ["/bin/busybox", "sh", "-c"],
      args: [script],
    });
    queue.lease(
      { run },
      {
        type: "sidecar",
        target: {
          case: "k8sPod",
          value: {
            primaryContainerName: "work",
            metadata: { labels: { team: "kitchen" } },
            podSpec: { containers: [container("aside", "sleep 600"), container("work", "echo $RUN_NAME; sleep 1")] },
          },
        },
      },
    );
    await told(run, "SUCCEEDED#1");
    expect((await podOf(run)).metadata?.labels?.team).toBe("kitchen");
    expect(await core.readNamespacedPodLog({ namespace, name: `${run}-a0-0`, container: "work" })).toBe(`${run}\n`);
    await until(
      async () => (await podOf(run)).status?.containerStatuses?.every(({ state }) => state?.terminated) ?? false,
    );
  });
});

describe("a drain", () => {
  it("of a node costs the task none of its own retries, though its process dies by a signal", async () => {
    const run = fresh();
    written.set(folder(run, 2), { outputs: true });
    queue.lease({ run }, shell("[ $FLYTE_ATTEMPT_NUMBER = 1 ] && exit 0; trap 'exit 143' TERM; sleep 60 & wait"));
    await told(run, "RUNNING#1");
    const name = `${run}-a0-0`;
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
    await core.createNamespacedPodEviction({ namespace, name, body });
    await told(run, "SUCCEEDED#2");
    expect(queue.told(run)).toContain("FAILED#1~");
    expect((await read(`${run}-a0`)).status).toMatchObject({ attempts: 2, systemFailures: 1 });
    const failed = queue.reports.find(({ key, error }) => key?.run === run && error);
    expect([failed?.error?.code, failed?.error?.message]).toEqual(["Interrupted", expect.stringContaining("Evict")]);
  });
});

describe("a quota", () => {
  const quota = { metadata: { name: "small", namespace }, spec: { hard: { "limits.cpu": "900m" } } };
  const asking = (cpu: string, script: string) => {
    const template = shell(script);
    const resources = { limits: [{ name: Resources_ResourceName.CPU, value: cpu }] };
    return { ...template, target: { case: "container" as const, value: { ...template.target.value, resources } } };
  };

  it("that is full is waited for, and one that can never be enough ends the action in words for its author", async () => {
    const [first, second, vast] = [fresh(), fresh(), fresh()];
    for (const run of [first, second]) written.set(folder(run), { outputs: true });
    await core.createNamespacedResourceQuota({ namespace, body: quota });
    try {
      queue.lease({ run: first }, asking("600m", "sleep 4"));
      await told(first, "RUNNING#1");
      queue.lease({ run: second }, asking("600m", "exit 0"));
      queue.lease({ run: vast }, asking("1", "exit 0"));
      await told(second, "WAITING_FOR_RESOURCES#1");
      await told(vast, "FAILED#1");
      expect(queue.reports.findLast(({ key }) => key?.run === vast)?.error).toMatchObject({
        code: "BeyondQuota",
        message: "The task asks for more than the whole quota of its project: limits.cpu 1 of at most 900m.",
      });
      await told(second, "SUCCEEDED#1");
    } finally {
      await core.deleteNamespacedResourceQuota({ namespace, name: "small" });
    }
  });
});

describe("an abort", () => {
  it("takes pods and children with it", async () => {
    const run = fresh();
    queue.lease({ run }, shell("sleep 60"));
    await told(run, "RUNNING#1");
    queue.lease({ run, action: "c1", parent: "a0" }, shell("sleep 60"));
    await told(run, "RUNNING#1", "c1");
    queue.cancel(run);
    await told(run, "ABORTED#1");
    await told(run, "ABORTED#1", "c1");
    await gone(`${run}-a0`);
    await gone(`${run}-c1`);
    await expect(podOf(run)).rejects.toMatchObject({ code: 404 });
    await expect(podOf(run, 0, "c1")).rejects.toMatchObject({ code: 404 });
  });

  it("of an action that is not here is answered", async () => {
    const run = fresh();
    queue.cancel(run);
    await told(run, "ABORTED#1");
  });

  it("by kubectl is told as well", async () => {
    const run = fresh();
    queue.lease({ run }, shell("sleep 60"));
    await told(run, "RUNNING#1");
    await custom.deleteNamespacedCustomObject({ ...actions, name: `${run}-a0` });
    await told(run, "ABORTED#1");
  });
});

describe("trouble", () => {
  it("of the control plane: work goes on, and all is told once it is back", async () => {
    const run = fresh();
    written.set(folder(run), { outputs: true });
    queue.lease({ run }, shell("sleep 2"));
    await told(run, "RUNNING#1");
    queue.away = true;
    await until(async () => (await read(`${run}-a0`)).status?.conditions?.[0]?.type === "Succeeded");
    expect(queue.told(run)).not.toContain("SUCCEEDED#1");
    queue.away = false;
    await told(run, "SUCCEEDED#1");
  });

  it("of the executor: another one takes up what it finds, extends its leases and tells what was not told", async () => {
    const [done, running] = [fresh(), fresh()];
    written.set(folder(done), { outputs: true });
    written.set(folder(running), { outputs: true });
    queue.lease({ run: running }, shell("sleep 6"));
    queue.lease({ run: done }, shell("sleep 1"));
    await told(running, "RUNNING#1");
    queue.away = true;
    await until(async () => (await read(`${done}-a0`)).status?.conditions?.[0]?.type === "Succeeded");
    await executor.stop();
    queue.away = false;
    queue.extended.clear();
    executor = start();
    await told(done, "SUCCEEDED#1");
    await until(() => queue.extended.has(`${running}-a0`));
    await told(running, "SUCCEEDED#1");
  });

  it("of the executor while somebody deletes an action: the next one stops its pod and tells its end", async () => {
    const run = fresh();
    queue.lease({ run }, shell("sleep 60"));
    await told(run, "RUNNING#1");
    await executor.stop();
    await custom.deleteNamespacedCustomObject({ ...actions, name: `${run}-a0` });
    expect((await podOf(run)).status?.phase).toBe("Running");
    executor = start();
    await told(run, "ABORTED#1");
    await gone(`${run}-a0`);
    await until(() =>
      podOf(run).then(
        () => false,
        () => true,
      ),
    );
  });

  it("of the watch: a second lease of a known action makes nothing twice and repeats what was told", async () => {
    const run = fresh();
    written.set(folder(run), { outputs: true });
    queue.lease({ run }, shell("exit 0"));
    await told(run, "SUCCEEDED#1");
    queue.lease({ run }, shell("exit 0"));
    await until(() => queue.told(run).filter((word) => word === "SUCCEEDED#1").length === 2);
    await expect(podOf(run, 1)).rejects.toMatchObject({ code: 404 });
  });
});

describe("what has ended", () => {
  it("goes after its time, pods included", async () => {
    await executor.stop();
    executor = start(3_000);
    const run = fresh();
    written.set(folder(run), { outputs: true });
    queue.lease({ run }, shell("exit 0"));
    await told(run, "SUCCEEDED#1");
    await gone(`${run}-a0`);
    await expect(podOf(run)).rejects.toMatchObject({ code: 404 });
    expect(queue.told(run)).not.toContain("ABORTED#1");
  });
});
