/** Takes the present attempt of an action one step further: make its pod, follow it, decide when it has ended. */
import { fromBinary } from "@bufbuild/protobuf";
import type { V1Pod } from "@kubernetes/client-node";
import { type TaskTemplate, TaskTemplateSchema } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { messageOf } from "../../../shared/errors.ts";
import { NoRoomError } from "./cluster.ts";
import { type Deps, resyncMs } from "./deps.ts";
import { InvalidTaskError } from "./invalid-task.ts";
import { type Ending, judge, type Results, type Verdict } from "./outcome.ts";
import { buildPod, podName } from "./pod.ts";
import { type Observation, observe, primaryContainer } from "./pod-observation.ts";
import { keyOf, type TaskAction } from "./task-action.ts";
import { outputPrefix } from "./template-args.ts";
import { attemptBegins, type Bound, nextBound } from "./time-bounds.ts";
import { type NewEntry, reachedAt, withEntries } from "./transitions.ts";

/** @returns in how many milliseconds to look again at the latest. */
export async function advance(action: TaskAction, deps: Deps): Promise<number | undefined> {
  const attempt = action.status?.attempts ?? 1;
  const now = deps.now();
  const seen = await record(action, [{ phase: "QUEUED", attempt, at: now }], deps);
  const step: Step = { action: seen, attempt, now, deps };
  try {
    const template = readTemplate(seen);
    return await followPod({ ...step, template });
  } catch (error) {
    if (!(error instanceof InvalidTaskError)) throw error;
    const refused = { code: error.code, message: error.message, kind: "USER" } as const;
    return await conclude(step, { verdict: "failed", phase: "FAILED", error: refused }, []);
  }
}

interface Step {
  action: TaskAction;
  attempt: number;
  now: number;
  deps: Deps;
}

type TemplateStep = Step & { template: TaskTemplate };

async function followPod(step: TemplateStep): Promise<number | undefined> {
  const { action, attempt, deps, now } = step;
  const name = podName(action.metadata.name ?? "", attempt);
  const namespace = action.metadata.namespace ?? "";
  const pod = deps.pods.get(`${namespace}/${name}`);
  const bound = nextBound(step.template.metadata, action.status ?? {});
  const passed = bound && bound.at <= now ? bound : undefined;
  if (!pod) return await withoutPod(step, passed, bound);

  if (!pod.metadata?.ownerReferences?.some(({ uid }) => uid === action.metadata.uid)) {
    // Left by an earlier resource of the same name, which Kubernetes has not cleared away yet.
    await deps.cluster.deletePod(namespace, name);
    return 1_000;
  }
  const observation = observe(pod, now);
  switch (observation.state) {
    case "waiting":
      return await whileWaiting(step, pod, observation, passed, bound);
    case "running": {
      const entries: NewEntry[] = [{ phase: "RUNNING", attempt, at: observation.startedAt }];
      const seen = await record(action, entries, deps);
      const next = nextBound(step.template.metadata, seen.status ?? {});
      if (!next || next.at > now) return untilNext(next, now);
      await deps.cluster.stopPod(namespace, name);
      return resyncMs;
    }
    case "interrupted": {
      const { reason, message } = observation;
      const ending: Ending = observation.deadline
        ? timedOut(passed ?? { bound: "MAX_RUNTIME_EXCEEDED", seconds: pod.spec?.activeDeadlineSeconds ?? 0 })
        : { how: "interrupted", reason, message };
      return await decide(step, pod, ending);
    }
    case "ended": {
      // Written before sidecars are stopped: stopping changes what the pod says of its end.
      const again = await decide(step, pod, { how: "exited", exit: observation.exit });
      if (observation.lingering) await deps.cluster.stopPod(namespace, name);
      return again;
    }
  }
}

async function withoutPod(step: TemplateStep, passed: Bound | undefined, next: Bound | undefined) {
  const { action, attempt, deps, now, template } = step;
  if (passed) return await decide(step, undefined, timedOut(passed));
  const status = action.status ?? {};
  const begins = attemptBegins(template.metadata, status);
  if (begins > now) return Math.min(begins - now, untilNext(next, now));

  const wanted = buildPod(action, template, attempt, deps.settings.pod);
  const namespace = action.metadata.namespace ?? "";
  const name = wanted.metadata?.name ?? "";
  const began = reachedAt(status, "RUNNING", attempt) ?? reachedAt(status, "INITIALIZING", attempt);
  if (began !== undefined) {
    // It was there. The cache may lag, so the API server is asked before the attempt is given up.
    if (await deps.cluster.readPod(namespace, name)) return 1_000;
    const message = "its pod was deleted from outside";
    return await decide(step, undefined, { how: "interrupted", reason: "PodDeleted", message });
  }
  try {
    await deps.cluster.createPod(wanted);
  } catch (error) {
    if (!(error instanceof NoRoomError)) throw error;
    const waits = reachedAt(status, "WAITING_FOR_RESOURCES", attempt) ?? now;
    if (error.closed && now - waits >= closedGraceMs) throw new InvalidTaskError(error.closed, "BeyondQuota");
    const entry: NewEntry = { phase: "WAITING_FOR_RESOURCES", attempt, at: now, message: error.message };
    await record(action, [entry], deps);
    return Math.min(5_000, untilNext(next, now));
  }
  return untilNext(next, now);
}

/** A project that has just been taken up again may run before its quota is opened. */
const closedGraceMs = 60_000;

async function whileWaiting(
  step: TemplateStep,
  pod: V1Pod,
  observation: Extract<Observation, { state: "waiting" }>,
  passed: Bound | undefined,
  next: Bound | undefined,
): Promise<number | undefined> {
  const { action, attempt, deps, now } = step;
  const namespace = action.metadata.namespace ?? "";
  const name = pod.metadata?.name ?? "";
  const { phase, message, blocked } = observation;
  // The verdict is written before the pod is deleted, or a failed write would find it "deleted from outside".
  const giveUp = async (from: TemplateStep, ending: Ending) => {
    const again = await decide(from, pod, ending);
    await deps.cluster.deletePod(namespace, name);
    return again;
  };
  if (passed) return await giveUp(step, timedOut(passed));
  const entry: NewEntry = { phase, attempt, at: now, ...(message ? { message } : {}) };
  const seen = await record(action, phase === "QUEUED" ? [] : [entry], deps);
  if (!blocked) {
    deps.notes.unblocked(keyOf(action));
    return untilNext(next, now);
  }
  const since = deps.notes.blocked(keyOf(action), attempt, now);
  const grace = hopeless.has(blocked.reason) ? 0 : deps.settings.startGraceMs;
  if (now - since < grace) return Math.min(grace - (now - since), untilNext(next, now));
  return await giveUp({ ...step, action: seen }, { how: "blocked", ...blocked });
}

/** Waiting does not cure these. */
const hopeless = new Set(["InvalidImageName", "ErrImageNeverPull"]);

async function decide(step: TemplateStep, pod: V1Pod | undefined, ending: Ending): Promise<number | undefined> {
  const { action, attempt, deps, template } = step;
  const results = await readResults(step);
  const budget = {
    attempt,
    systemFailures: action.status?.systemFailures ?? 0,
    retries: template.metadata?.retries?.retries ?? 0,
    systemRetries: deps.settings.systemRetries,
  };
  const main = pod?.spec?.containers.find(({ name }) => name === primaryContainer(pod));
  const memoryLimit = main?.resources?.limits?.memory;
  const hasOutputs = (template.interface?.outputs?.variables.length ?? 0) > 0;
  const verdict = judge(ending, results, budget, { hasOutputs, ...(memoryLimit ? { memoryLimit } : {}) });
  // A task may end before anyone saw it run.
  const startedAt = ending.how === "exited" ? ending.exit.startedAt : undefined;
  const ran: NewEntry[] = startedAt === undefined ? [] : [{ phase: "RUNNING", attempt, at: startedAt }];
  return await conclude(step, verdict, ran);
}

async function readResults({ action, attempt, deps }: Step): Promise<Results> {
  const key = keyOf(action);
  try {
    const read = await deps.results.read(outputPrefix(action.spec, attempt));
    return { ...read, storeWasAway: deps.notes.wasUnread(key, attempt) };
  } catch (error) {
    deps.notes.unread(key, attempt);
    throw error;
  }
}

async function conclude(step: Step, verdict: Verdict, before: NewEntry[]): Promise<number | undefined> {
  const { action, attempt, deps, now } = step;
  const status = action.status ?? {};
  if (verdict.verdict === "succeeded") {
    const outputUri = outputPrefix(action.spec, attempt);
    await record(action, [...before, { phase: "SUCCEEDED", attempt, at: now }], deps, { ...status, outputUri });
    return undefined;
  }
  const { phase, error, retry } = verdict;
  const ended: NewEntry = { phase, attempt, at: now, error, ...(retry ? { retrying: true } : {}) };
  const next: NewEntry[] = retry ? [{ phase: "QUEUED", attempt: attempt + 1, at: now }] : [];
  const systemFailures = (status.systemFailures ?? 0) + (retry === "system" ? 1 : 0);
  await record(action, [...before, ended, ...next], deps, { ...status, systemFailures });
  return undefined;
}

/** Writes the entries that are new, with what else of the status changes; nothing is written if nothing is new. */
async function record(action: TaskAction, entries: NewEntry[], deps: Deps, status = action.status ?? {}) {
  const grown = withEntries(status, entries);
  if (grown.phaseHistory?.length === (action.status?.phaseHistory?.length ?? 0)) return action;
  const written = await deps.cluster.writeStatus(action, grown);
  deps.reporter.offer(written);
  return written;
}

function readTemplate(action: TaskAction): TaskTemplate {
  try {
    return fromBinary(TaskTemplateSchema, Buffer.from(action.spec.taskTemplate, "base64"));
  } catch (error) {
    throw new InvalidTaskError(`the task's definition cannot be read: ${messageOf(error)}`);
  }
}

function timedOut({ bound, seconds }: Pick<Bound, "bound" | "seconds">): Ending {
  return { how: "timed-out", bound, seconds };
}

function untilNext(bound: Bound | undefined, now: number): number {
  return bound ? Math.max(0, Math.min(bound.at - now, resyncMs)) : resyncMs;
}
