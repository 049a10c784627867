/** What an app's replicas say, as one log in order of time: of those that there are, and of those that come meanwhile. */
import type { V1Pod } from "@kubernetes/client-node";
import { exhausted, notFound } from "../../shared/errors.ts";
import { ResumePoint } from "../../shared/resume-point.ts";
import { appContainerOf, ofAppContainer } from "./app-pods.ts";
import { type LogSources, liveThenPersisted, type ReadOptions, readOn } from "./choice.ts";
import { MergedLogs, type Told } from "./merged.ts";

/** Each is a connection to its node. */
const mostReplicas = 32;
/** A new one takes as long at least until it says something. */
const lookAgainMs = 2_000;

export interface WantedAppLog {
  namespace: string;
  /** The app's pods at this moment. */
  list(): Promise<V1Pod[]>;
  /** Empty: all of them. */
  replica: string;
  /** RFC 3339: where those were left that were told of before. The others are told of from their first lines. */
  told: ReadonlyMap<string, string | undefined>;
}

export type AppLogOptions = Omit<ReadOptions, "resume">;

/**
 * Of a replica without lines: it is followed from here on. First all that there are.
 * @throws not_found where there is no such replica; resource_exhausted where there are too many to follow at once.
 */
export async function openAppLog(
  wanted: WantedAppLog,
  sources: LogSources,
  options: AppLogOptions,
): Promise<AsyncGenerator<Told[]>> {
  const pods = (await wanted.list()).filter(isMeant(wanted));
  const gone = await withoutPod(wanted, pods, sources, options.signal);
  if (pods.length + gone.length === 0) {
    throw notFound(wanted.replica === "" ? "a replica of the app" : "the app's replica");
  }
  checkMost(pods.length);
  return follow(pods, gone, wanted, sources, options);
}

/** Kubernetes leaves pods standing that it has evicted: they say nothing more, and are told of by their names alone. */
function isMeant({ replica, told }: WantedAppLog) {
  return (pod: V1Pod) => {
    if (replica !== "") return nameOf(pod) === replica;
    return !["Failed", "Succeeded"].includes(pod.status?.phase ?? "") || told.has(nameOf(pod));
  };
}

/** Of those that are gone only the store can tell, which knows a pod by its name. */
async function withoutPod(
  { namespace, replica, told }: WantedAppLog,
  pods: readonly V1Pod[],
  { store }: LogSources,
  signal: AbortSignal,
): Promise<string[]> {
  if (!store) return [];
  const there = new Set(pods.map(nameOf));
  const gone = [...told.keys()].filter((name) => !there.has(name) && (replica === "" || name === replica));
  if (replica === "" || there.has(replica) || told.has(replica)) return gone;
  const streams = await store.streams({ namespace, pod: replica }, signal);
  return ofAppContainer(streams).length > 0 ? [replica] : [];
}

async function* follow(
  first: readonly V1Pod[],
  gone: readonly string[],
  wanted: WantedAppLog,
  sources: LogSources,
  options: AppLogOptions,
): AsyncGenerator<Told[]> {
  // The end of the merged log ends all of its sources: their waits end by this signal.
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const { namespace, told, replica } = wanted;
  const logs = new MergedLogs();
  const reading = (name: string) => ({ ...options, signal, resume: new ResumePoint(told.get(name)) });
  const joined = new Set<string>();
  const begun: Told[] = [];
  const join = (pods: readonly V1Pod[]) => {
    if (signal.aborted) return;
    for (const pod of pods) {
      const [name, place] = [nameOf(pod), { namespace, pod: nameOf(pod) }];
      if (joined.has(name)) continue;
      joined.add(name);
      begun.push({ source: name, lines: [] });
      logs.add(name, liveThenPersisted(pod, place, appContainerOf(pod), sources, reading(name)));
    }
  };
  const look = async () => {
    const now = (await wanted.list()).filter(isMeant(wanted));
    checkMost(now.length);
    const there = new Set(now.map(nameOf));
    for (const name of joined) if (!there.has(name)) joined.delete(name);
    join(now);
  };
  const lookAgain = async () => {
    while (!signal.aborted) {
      await options.pause(lookAgainMs, signal);
      if (!signal.aborted) await look();
    }
  };
  const { store } = sources;
  try {
    for (const name of gone) {
      if (store) logs.add(name, readOn({ namespace, pod: name }, ofAppContainer, store, reading(name)));
    }
    join(first);
    yield begun.splice(0);
    if (replica === "") lookAgain().catch((error: unknown) => logs.fail(error));
    do {
      for await (const told of logs.told()) yield [...begun.splice(0), told];
      if (replica === "" && !signal.aborted) await look();
    } while (logs.size > 0);
  } finally {
    over.abort();
  }
}

function checkMost(replicas: number): void {
  if (replicas <= mostReplicas) return;
  throw exhausted(`the app has ${replicas} replicas, and ${mostReplicas} are followed at once: name one`);
}

function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? "";
}
