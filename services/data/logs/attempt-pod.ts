/** The pod of one attempt: where it is, for whom this plane tells anything of it, and whether it is the one that is meant. */
import type { V1Pod } from "@kubernetes/client-node";
import { type Caller, requireOwnOrg } from "../../shared/auth/caller.ts";
import type { ProjectDomain } from "../../shared/config.ts";
import { denied, invalid, notFound } from "../../shared/errors.ts";
import { podName } from "../executor/pod.ts";
import { actionNameOf, namespaceOf } from "../executor/render-action.ts";
import { labels } from "../executor/task-action.ts";

export interface PodPlace {
  namespace: string;
  pod: string;
}

/** What every request about an attempt names. */
export interface Attempt {
  org: string;
  project: string;
  domain: string;
  run: string;
  action: string;
  /** From 1. */
  attempt: number;
}

/** What a plane serves. */
export interface Served {
  /** The one organisation that this plane belongs to. */
  org: string;
  /** By namespace; it reads nowhere else. A namespace is not enough: `a-b` in `c` and `a` in `b-c` have one name. */
  projects: ReadonlyMap<string, ProjectDomain>;
}

/** @throws permission_denied for another organisation's caller or what is not served here */
export function servedNamespace(
  caller: Caller,
  of: { org: string; project: string; domain: string },
  { org, projects }: Served,
): string {
  if (caller.org !== org) throw denied("this plane belongs to another organisation");
  requireOwnOrg(caller, of.org);
  const namespace = namespaceOf(of);
  const served = projects.get(namespace);
  if (served?.project !== of.project || served.domain !== of.domain)
    throw denied("this plane does not serve that project and domain");
  return namespace;
}

/** @throws as `servedNamespace`; not_found for names of no pod. */
export function placeFor(caller: Caller, attempt: Attempt, served: Served): PodPlace {
  const namespace = servedNamespace(caller, attempt, served);
  if (attempt.attempt < 1) throw invalid({ subject: "attempt", value: attempt.attempt, allowed: "a number from 1" });
  const pod = podName(actionNameOf(attempt), attempt.attempt);
  if (!/^[a-z0-9]([a-z0-9-]{0,80}[a-z0-9])?$/.test(pod)) throw notFound("the attempt's pod");
  return { namespace, pod };
}

/** A name alone does not say whose pod it is. */
export function isPodOf(pod: V1Pod, { project, domain, run, action }: Attempt, org: string): boolean {
  const of = pod.metadata?.labels ?? {};
  const wanted = [org, project, domain, run, action];
  return [labels.org, labels.project, labels.domain, labels.run, labels.action].every(
    (key, at) => of[key] === wanted[at],
  );
}
