/** What a task may ask for and what may go wrong with it. All runs begin at once, since most of each is waiting. */
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import {
  type ActionDetails,
  ClusterEvent_Type,
  ErrorInfo_Kind,
} from "../../gen/flyteidl2/workflow/run_definition_pb.js";
import { type ExampleOptions, runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const { proves } = evidenceFor("client/own-wishes");
const namespace = `${environment.project}-${environment.domain}`;
const patienceMs = 170_000;

const examples = {
  recovering: ["retries", "flaky", "--failures", "1"],
  hopeless: ["retries", "flaky", "--failures", "9"],
  outOfBounds: ["bounds", "both_fail"],
  missingImage: ["missing_image", "never"],
  resources: ["resources", "given"],
  variables: ["variables", "variables"],
} as const;
type Example = keyof typeof examples;

const names: Partial<Record<Example, string>> = {};
let runs: Awaited<ReturnType<typeof runClient>>;

async function start(example: Example, options: ExampleOptions = {}): Promise<void> {
  const [file, task, ...args] = examples[example];
  const { name, result } = await runExample(file, task, args, { follow: false, ...options });
  expect(result.exitCode, `${file} ${task}: ${result.stderr}`).toBe(0);
  names[example] = name;
}

beforeAll(async () => {
  runs = await runClient();
  await Promise.all([
    ...(["recovering", "hopeless", "outOfBounds", "missingImage", "resources"] as const).map((one) => start(one)),
    start("variables", { options: ["--env", "OF_THE_RUN=run", "--env", "OF_BOTH=run"] }),
  ]);
});

const nameOf = (example: Example) => names[example] ?? expect.fail(`${example} was not started`);
const ended = (example: Example) => runs.ended(nameOf(example), "a0", patienceMs);
const attempts = ({ attempts: all }: ActionDetails) => all.map(({ attempt, phase }) => [attempt, ActionPhase[phase]]);
const errorOf = ({ result }: ActionDetails) => (result.case === "errorInfo" ? result.value : undefined);

/** Of one attempt, as the customer's cluster still has it. */
async function podOf(example: Example, attempt = 1) {
  const config = new KubeConfig();
  config.loadFromFile(environment.kubeconfigs.customer);
  const name = `${nameOf(example)}-a0-${attempt - 1}`;
  return config.makeApiClient(CoreV1Api).readNamespacedPod({ namespace, name });
}

describe("retries", () => {
  it("that recover: the run succeeds, and both attempts are on record", async () => {
    const details = await ended("recovering");
    expect(details.status).toMatchObject({ phase: ActionPhase.SUCCEEDED, attempts: 2 });
    expect(attempts(details)).toEqual([
      [1, "FAILED"],
      [2, "SUCCEEDED"],
    ]);
    expect(details.attempts[0]?.errorInfo?.message).toContain("attempt 1 was not to succeed");
    expect(await runs.outputString(nameOf("recovering"))).toBe("attempt 2 succeeded");
  });

  it("that never do end after as many attempts as the task allows, each in a pod of its own", async () => {
    proves(["audit-errors-per-attempt"], "each attempt's words are its own: the third's are not the first's");
    const details = await ended("hopeless");
    expect(details.status).toMatchObject({ phase: ActionPhase.FAILED, attempts: 3 });
    expect(attempts(details)).toEqual([
      [1, "FAILED"],
      [2, "FAILED"],
      [3, "FAILED"],
    ]);
    const words = details.attempts.map(
      ({ errorInfo }) => /attempt \d was not to succeed/.exec(errorInfo?.message ?? "")?.[0],
    );
    expect(words).toEqual([1, 2, 3].map((attempt) => `attempt ${attempt} was not to succeed`));
    expect(errorOf(details)?.message).toContain("attempt 3 was not to succeed");
    const uids = await Promise.all([1, 2, 3].map(async (attempt) => (await podOf("hopeless", attempt)).metadata?.uid));
    expect(new Set(uids).size).toBe(3);
  });
});

describe("a bound that is passed", () => {
  it("is told to the parent by class, too long a run apart from too much memory", async () => {
    const details = await ended("outOfBounds");
    expect(errorOf(details)).toBeUndefined();
    expect(await runs.outputString(nameOf("outOfBounds"))).toBe("MaxRuntimeExceededError, OOMError");
  });

  it("is on record as a time-out, and as an end by lack of memory that names the limit", async () => {
    await ended("outOfBounds");
    const children = await runs.actions(nameOf("outOfBounds"));
    const details = await Promise.all(
      children.filter(({ id }) => id?.name !== "a0").map(({ id }) => runs.ended(nameOf("outOfBounds"), id?.name)),
    );
    const told = details.map((one) => [ActionPhase[one.status?.phase ?? 0], errorOf(one)?.code, errorOf(one)?.message]);
    expect(told.sort()).toEqual([
      ["FAILED", "OOMKilled", expect.stringContaining("limit of 256Mi")],
      ["TIMED_OUT", "MAX_RUNTIME_EXCEEDED", "The task ran for longer than its max_runtime of 3 s."],
    ]);
  });
});

describe("an image that cannot be pulled", () => {
  it("fails the run in words for its author, once, and leaves no pod that tries for ever", async () => {
    const details = await ended("missingImage");
    expect(details.status).toMatchObject({ phase: ActionPhase.FAILED, attempts: 1 });
    const error = errorOf(details);
    expect(error).toMatchObject({ code: "ImagePullBackOff", kind: ErrorInfo_Kind.USER });
    expect(error?.message).toMatch(/nobody-built-this:1.*Does the image exist, and may this cluster pull it\?$/s);
    await vi.waitFor(() => expect(podOf("missingImage")).rejects.toMatchObject({ code: 404 }), {
      timeout: 60_000,
      interval: 1_000,
    });
  });
});

describe("what Kubernetes says about a task's pod", () => {
  it("is told by attempt, and still when the pod has gone", async () => {
    await Promise.all([ended("missingImage"), ended("recovering")]);
    const ofPods = async () => {
      const said = await runs.clusterEvents(nameOf("missingImage"));
      const failed = said.find(({ reason }) => reason === "Failed");
      expect(failed).toMatchObject({ type: ClusterEvent_Type.WARNING, sourceComponent: "kubelet" });
      expect(failed?.message).toContain("nobody-built-this:1");
      expect(said.map(({ reason }) => reason)).toEqual(expect.arrayContaining(["Scheduled", "Pulling", "BackOff"]));
    };
    const ofAttempt = async (attempt: number) => {
      const said = await runs.clusterEvents(nameOf("recovering"), "a0", attempt);
      expect(said.filter(({ reason }) => reason === "Started").length).toBe(1);
      expect(said.map(({ message }) => message).join()).toContain(`${nameOf("recovering")}-a0-${attempt - 1}`);
    };
    // The kubelet sends what it says when it comes to it.
    const patience = { timeout: 90_000, interval: 500 };
    await Promise.all([ofPods, () => ofAttempt(1), () => ofAttempt(2)].map((told) => vi.waitFor(told, patience)));
  });
});

describe("resources", () => {
  it("that a task asks for are what its pod gets, seen from the cluster and from inside", async () => {
    await ended("resources");
    const { spec } = await podOf("resources");
    expect(spec?.containers[0]?.resources).toMatchObject({
      requests: { cpu: "150m", memory: "192Mi", "ephemeral-storage": "64Mi" },
      limits: { cpu: "750m", memory: "320Mi" },
    });
    const mebibyte = 1024 * 1024;
    expect(JSON.parse(await runs.outputString(nameOf("resources")))).toEqual({
      memory: 320 * mebibyte,
      shared_memory: 48 * mebibyte,
    });
  });
});

describe("environment variables", () => {
  it("of the task and of the run reach it, and the task's own win", async () => {
    await ended("variables");
    expect(JSON.parse(await runs.outputString(nameOf("variables")))).toEqual({
      OF_THE_TASK: "task",
      OF_THE_RUN: "run",
      OF_BOTH: "task",
    });
  });
});
