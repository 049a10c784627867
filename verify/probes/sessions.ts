/**
 * Brings tokens of the plane's accounts to the cloud, as their pods do: who gets which identity, and what a task's session
 * may do with an object of its own and with one next door. Tokens live ten minutes; objects are taken away again.
 */
import { randomUUID } from "node:crypto";
import { CoreV1Api } from "@kubernetes/client-node";
import { adminServiceAccounts } from "../../components/identity/contract.ts";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import { RestError } from "../../shared/rest.ts";
import type { ProbedObject, ProbedSession } from "../facts-probes.ts";
import { type PlaneTarget, projectNamespaces } from "../target.ts";
import { withCleanup } from "./cleanup.ts";

const tokenSeconds = 600;
/** Of what a session is asked to live for. */
export const sessionSeconds = 900;

export type Tried = Pick<ProbedObject, "allowed" | "told">;
export type Place = { bucket: string; key: string };

/** The object store as somebody. Each call throws what is no word of the store's own on rights. */
export interface Store {
  put(at: Place): Promise<Tried>;
  get(at: Place): Promise<Tried>;
  delete(at: Place): Promise<Tried>;
}

/** @param read what an error says of rights, if anything. @throws what says nothing of them */
export async function tried(call: () => Promise<unknown>, read: (error: unknown) => Tried | undefined): Promise<Tried> {
  try {
    await call();
    return { allowed: true, told: "done" };
  } catch (error) {
    const told = read(error);
    if (!told) throw error;
    return told;
  }
}

/** Of a REST API. Who is told that nothing is there may look. */
export function readRefusal(error: unknown): Tried | undefined {
  if (!(error instanceof RestError)) return undefined;
  const { status, message: told } = error;
  if (status === 404) return { allowed: true, told };
  return status === 401 || status === 403 ? { allowed: false, told } : undefined;
}

/** What differs between clouds. */
export interface CloudSessions {
  /** Of a Kubernetes service account: names its identity. */
  annotation: string;
  audience: string;
  /**
   * @param name of the session, by which AWS tells accounts apart that share a role; elsewhere a session has none
   * @returns the store as that identity; none where the cloud refuses. @throws what says nothing of rights
   */
  take(identity: string, token: string, name: string): Promise<{ store?: Store; told: string }>;
}

interface Account {
  namespace: string;
  name: string;
  kind: ProbedSession["kind"];
  identity: string;
  token: string;
}

export interface SessionProbes {
  sessions: ProbedSession[];
  objects: ProbedObject[];
}

export async function probeSessions(target: PlaneTarget, cloud: CloudSessions): Promise<SessionProbes> {
  const accounts = await readAccounts(target, cloud);
  const identities = [...new Set(accounts.map(({ identity }) => identity))];
  const sessions: ProbedSession[] = [];
  const stores: { account: Account; store: Store }[] = [];
  for (const account of accounts) {
    for (const identity of identities) {
      const own = identity === account.identity;
      // Another's under a name that is given to whom it belongs: nobody is refused for the name alone.
      const name = (own ? account : accounts.find((one) => one.identity === identity))?.name ?? account.name;
      const { store, told } = await cloud.take(identity, account.token, name);
      sessions.push({
        ...{ account: nameOf(account), kind: account.kind },
        ...{ role: identity, own, taken: store !== undefined, told },
      });
      if (own && store) stores.push({ account, store });
    }
  }
  const onPlatform = stores.filter(({ account }) => account.kind === "platform");
  const keeper = onPlatform.find(({ account }) => account.name === adminServiceAccounts.objectstore) ?? onPlatform[0];
  const platform = keeper?.store;
  const tasks = stores.filter(({ account }) => account.kind === "task");
  const objects: ProbedObject[] = [];
  for (const { account, store } of tasks) {
    if (!platform) throw new Error("no platform account got its identity, so nobody can put an object next door");
    objects.push(...(await useStore(target, account, store, platform)));
  }
  return { sessions, objects };
}

/** The first and the last project stand for all. */
async function readAccounts(target: PlaneTarget, { annotation, audience }: CloudSessions): Promise<Account[]> {
  const api = apiOf(target);
  const projects = projectNamespaces(target);
  const wanted = [
    ...target.platformServiceAccounts.map((name) => ({ namespace: target.namespace, name, kind: "platform" as const })),
    ...new Set([projects[0] ?? "", projects.at(-1) ?? ""]),
  ].map((one) => (typeof one === "string" ? { namespace: one, name: "default", kind: "task" as const } : one));
  return Promise.all(
    wanted.map(async ({ namespace, name, kind }) => {
      const { metadata } = await api.readNamespacedServiceAccount({ namespace, name });
      const identity = metadata?.annotations?.[annotation];
      if (!identity) throw new Error(`the account ${namespace}/${name} has no identity of its own (${annotation})`);
      return { namespace, name, kind, identity, token: await tokenFor(api, { namespace, name }, audience) };
    }),
  );
}

export function apiOf({ kubeconfig }: PlaneTarget): CoreV1Api {
  const config = keptKubeConfig();
  config.loadFromFile(kubeconfig);
  return config.makeApiClient(CoreV1Api);
}

export async function tokenFor(
  api: CoreV1Api,
  account: Pick<Account, "namespace" | "name">,
  audience: string,
): Promise<string> {
  const spec = { audiences: [audience], expirationSeconds: tokenSeconds };
  const { status } = await api.createNamespacedServiceAccountToken({ ...account, body: { spec } });
  if (!status?.token) throw new Error(`no token of ${nameOf(account)} was given`);
  return status.token;
}

/** What lies next door is there, put by the platform: a store may refuse to tell of what is not, whoever asks. */
export async function useStore(
  { buckets, org, projects }: PlaneTarget,
  account: Pick<Account, "namespace" | "name">,
  store: Store,
  platform: Store,
): Promise<ProbedObject[]> {
  const { project, domain } = projects.find((one) => `${one.project}-${one.domain}` === account.namespace) ?? {};
  const name = () => `biplane-probe/${randomUUID()}`;
  const found: ProbedObject[] = [];
  for (const bucket of [buckets.metadata, buckets.fastRegistration]) {
    const own = { bucket, key: `${org}/${project}/${domain}/${name()}` };
    const nextDoor = () => ({ bucket, key: `next-door-of-${org}/${name()}` });
    const [fresh, neighbour] = [nextDoor(), nextDoor()];
    const remove = async () => {
      for (const at of [own, fresh, neighbour]) await platform.delete(at);
    };
    const tried = await withCleanup(remove, async () => {
      const there = await platform.put(neighbour);
      if (!there.allowed) throw new Error(`the platform cannot put an object into ${bucket}: ${there.told}`);
      return [
        { place: "own", put: await store.put(own), get: await store.get(own), delete: await store.delete(own) },
        {
          place: "next door",
          put: await store.put(fresh),
          get: await store.get(neighbour),
          delete: await store.delete(neighbour),
        },
      ] as const;
    });
    for (const { place, ...answers } of tried)
      for (const action of ["put", "get", "delete"] as const)
        found.push({ account: nameOf(account), bucket, place, action, ...answers[action] });
  }
  return found;
}

function nameOf({ namespace, name }: Pick<Account, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}
