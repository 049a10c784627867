/** Waiting for an object to be what was asked, or gone; with the reason when it is not. */
import { setTimeout as sleep } from "node:timers/promises";
import { InitFailure } from "../machine/resource.ts";
import { isProperties, type Properties } from "../machine/values.ts";
import type { Cluster } from "./client.ts";
import { annotation, title } from "./kinds.ts";
import { type Trouble, troubleOf } from "./pods.ts";
import { awaited, readinessOf, section } from "./ready.ts";

/** How often the API server is asked: at first often, since most things take a moment. */
const pausesMs = [50, 100, 200, 300, 500];
/** How long trouble that looks final must last. */
const hopelessMs = 45_000;

export async function awaitReady(
  cluster: Cluster,
  { id, path, namespace }: { id: string; path: string; namespace?: string },
  object: Properties,
  signal: AbortSignal,
): Promise<void> {
  if (!awaited(object) || annotation(object, "pulumi.com/skipAwait") === "true") return;
  const started = Date.now();
  let current = object;
  let hopelessSince: number | undefined;
  let why = "";
  let trouble: Trouble | undefined;
  for (let round = 0; !signal.aborted; round++) {
    const readiness = readinessOf(current);
    if (readiness.state === "ready") return;
    const labels = podLabels(current);
    // Pods are looked at less often than the object: the list is long. What was seen last stays the reason meanwhile.
    if (labels && namespace && (readiness.state === "failed" || round % 4 === 3)) {
      trouble = await troubleOf(cluster, namespace, labels);
    }
    why = trouble ? `${readiness.why}; ${trouble.text}` : readiness.why;
    if (readiness.state === "failed") throw new InitFailure(id, [`${title(current)} has failed: ${why}`]);
    if (labels && round % 4 === 3) hopelessSince = trouble?.hopeless ? (hopelessSince ?? Date.now()) : undefined;
    if (hopelessSince !== undefined && Date.now() - hopelessSince > hopelessMs) break;
    if (!(await pause(pausesMs[round] ?? 500, signal))) break;
    const next = await cluster.request("GET", path, {});
    if (!next) throw new InitFailure(id, [`${title(object)} was removed while it was awaited`]);
    current = next;
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  throw new InitFailure(id, [`${title(current)} is not ready after ${seconds} s: ${why}`]);
}

/** Until the object is gone; one of the same name that somebody made since is another object. */
export async function awaitGone(
  cluster: Cluster,
  path: string,
  object: Properties,
  signal: AbortSignal,
): Promise<void> {
  const { uid } = section(object.metadata);
  for (let round = 0; ; round++) {
    const current = await cluster.request("GET", path, {});
    if (!current || section(current.metadata).uid !== uid) return;
    if (!(await pause(pausesMs[round] ?? 500, signal))) {
      throw new Error(`${title(current)} is still there: ${finalizers(current)}`);
    }
  }
}

function podLabels(object: Properties): Properties | undefined {
  const { matchLabels } = section(section(object.spec).selector);
  return isProperties(matchLabels) ? matchLabels : undefined;
}

function finalizers(object: Properties): string {
  const held = [section(object.metadata).finalizers, section(object.spec).finalizers].flat().filter(Boolean);
  return held.length > 0
    ? `it waits for its finalizers ${held.join(", ")}`
    : "its removal takes longer than the deadline";
}

/** @returns false when the deadline has come */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
