/** What an app's replicas say, as one log in order of time, for as long as they are the same ones. */
import { isDeepStrictEqual } from "node:util";
import type { V1Pod } from "@kubernetes/client-node";
import { notFound, precondition } from "../../shared/errors.ts";
import { ResumePoint } from "../../shared/resume-point.ts";
import { appContainerOf } from "./app-pods.ts";
import type { Line } from "./log-lines.ts";
import { merged } from "./merged.ts";
import { type TailOptions, tail } from "./tail.ts";

/** Each is a connection to its node. */
const mostReplicas = 32;
const lookAgainMs = 5_000;

export interface Said {
  replica: string;
  lines: Line[];
}

export interface WantedAppLog {
  /** The app's pods at this moment. */
  list(): Promise<V1Pod[]>;
  /** Empty: all of them. */
  replica: string;
}

export interface AppLogOptions extends Pick<TailOptions, "logs" | "signal" | "log" | "pause"> {
  /** RFC 3339. @default each replica's first line */
  from?: string | undefined;
}

/** @throws not_found where there is no such replica; failed_precondition where there are too many to follow at once. */
export async function openAppLog(wanted: WantedAppLog, options: AppLogOptions): Promise<AsyncGenerator<Said>> {
  const all = await wanted.list();
  const pods = wanted.replica === "" ? all.filter(isOngoing) : all.filter(isNamed(wanted.replica));
  if (pods.length === 0) throw notFound(wanted.replica === "" ? "a replica of the app" : "the app's replica");
  if (pods.length > mostReplicas) {
    throw precondition(`the app has ${pods.length} replicas, and ${mostReplicas} are followed at once: name one`);
  }
  return follow(pods, wanted, options);
}

const isNamed =
  (name: string) =>
  ({ metadata }: V1Pod) =>
    metadata?.name === name;

/** Kubernetes leaves pods standing that it has evicted: they say nothing more, and are told of by their names alone. */
const isOngoing = ({ status }: V1Pod) => !["Failed", "Succeeded"].includes(status?.phase ?? "");

async function* follow(pods: V1Pod[], wanted: WantedAppLog, { from, ...options }: AppLogOptions): AsyncGenerator<Said> {
  // The end of the merged log ends all of its sources: their waits end by this signal.
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const names = pods.map(({ metadata }) => metadata?.name ?? "");
  const tails = pods.map((pod) => {
    const place = { namespace: pod.metadata?.namespace ?? "", pod: pod.metadata?.name ?? "" };
    return tail(pod, { ...options, signal, place, containerOf: appContainerOf, resume: new ResumePoint(from) });
  });
  const change = wanted.replica === "" ? [untilOthers(names, wanted.list, { ...options, signal })] : [];
  try {
    for await (const { source, lines } of merged([...tails, ...change])) yield { replica: names[source] ?? "", lines };
  } finally {
    over.abort();
  }
}

/** Says nothing, and ends once the app's pods are others. */
async function* untilOthers(
  names: readonly string[],
  list: WantedAppLog["list"],
  { signal, pause }: Pick<TailOptions, "signal" | "pause">,
): AsyncGenerator<Line[]> {
  const known = names.toSorted();
  while (!signal.aborted) {
    await pause(lookAgainMs, signal);
    if (signal.aborted) return;
    const now = (await list()).filter(isOngoing).map(({ metadata }) => metadata?.name ?? "");
    now.sort();
    if (!isDeepStrictEqual(now, known)) return;
  }
}
