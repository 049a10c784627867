/** The pods of one app: where they are, for whom this plane tells anything of them, and which of their containers is the app. */
import type { V1Pod } from "@kubernetes/client-node";
import { revisionLabel } from "../../../components/serving/contract.ts";
import type { Caller } from "../../shared/auth/caller.ts";
import { invalid, notFound } from "../../shared/errors.ts";
import { labels } from "../apps/knative.ts";
import { appContainer } from "../apps/plan.ts";
import { type Served, servedNamespace } from "./attempt-pod.ts";
import type { StoredStream } from "./log-store.ts";

export interface AppPlace {
  namespace: string;
  app: string;
}

/** What is asked of Kubernetes. */
export interface AppPods {
  list(place: AppPlace): Promise<V1Pod[]>;
}

/** On a plane that serves no apps, where nobody may list their pods. */
export const noAppPods: AppPods = { list: async () => [] };

/** What a request names. */
export interface AppOf {
  org: string;
  project: string;
  domain: string;
  app: string;
}

/** @throws permission_denied for another organisation's caller or what is not served here; invalid_argument for no name. */
export function appPlaceFor(caller: Caller, of: AppOf, served: Served): AppPlace {
  const namespace = servedNamespace(caller, of, served);
  // It becomes part of a selector.
  if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(of.app)) {
    throw invalid({
      subject: "app",
      value: of.app.slice(0, 80),
      allowed: 'an app\'s name: up to 63 of a-z, 0-9 and "-"',
    });
  }
  return { namespace, app: of.app };
}

/** A namespace and a name alone do not say whose pod it is, nor that Knative made it. */
export function isReplicaOf({ metadata }: V1Pod, { project, domain, app }: AppOf, org: string): boolean {
  const of = metadata?.labels ?? {};
  const wanted = [org, project, domain, app];
  const own = [labels.org, labels.project, labels.domain, labels.app].every((key, at) => of[key] === wanted[at]);
  return own && of[revisionLabel] !== undefined;
}

export function appContainerOf({ spec }: V1Pod): string {
  return appsOwn(spec?.containers.map(({ name }) => name) ?? []);
}

/** Of a pod that is gone, which says no more what its containers were. */
export function ofAppContainer(streams: readonly StoredStream[]): StoredStream[] {
  const own = appsOwn(streams.map(({ container }) => container));
  return streams.filter(({ container }) => container === own);
}

/** Beside it runs Knative's proxy, and what else its author wished for. */
function appsOwn(containers: readonly string[]): string {
  const names = containers.filter((name) => name !== "queue-proxy");
  return names.find((name) => name === appContainer) ?? names[0] ?? "";
}

/** @throws not_found for names that Knative gives to none of the app's pods. */
export function checkReplica(name: string, { app }: AppOf): void {
  // The log store knows a pod by its name alone.
  if (name.startsWith(`${app}-`) && /^[a-z0-9-]{1,253}$/.test(name) && !name.endsWith("-")) return;
  throw notFound("the app's replica");
}
