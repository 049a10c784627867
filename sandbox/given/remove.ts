/** Takes out of a given cluster what the run made there, however much there is; never anything else. */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../shared/errors.ts";
import type { Plane } from "../hosts.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import { type MadeObject, madeObjects, removalByHand } from "./made.ts";
import { type OwnerApi, ownerApi } from "./owner-api.ts";
import type { GivenCluster } from "./record.ts";

const patienceMs = 180_000;

/** @returns what is left and why, for a person; undefined when nothing is. */
export async function removeFromCluster(plane: Plane, cluster: GivenCluster): Promise<string | undefined> {
  const objects = madeObjects(plane);
  try {
    const api = await openSame(plane, cluster);
    const left = await removeAll(api, objects);
    return left.length > 0 ? describe(plane, cluster, left, "they do not end") : undefined;
  } catch (error) {
    return describe(plane, cluster, objects, messageOf(error));
  }
}

/** By what the run recorded: the file may say something else today. */
async function openSame(plane: Plane, { kubeconfig, context, uid }: GivenCluster): Promise<OwnerApi> {
  const given = loadKubeconfig(plane, kubeconfig);
  if (given.context !== context) throw new Error(`its current context is ${given.context} now, and was ${context}`);
  const api = ownerApi(given);
  const { metadata } = await api.read<{ metadata: { uid: string } }>("/api/v1/namespaces/kube-system");
  if (metadata.uid !== uid) throw new Error("it leads to another cluster now");
  return api;
}

async function removeAll(api: OwnerApi, objects: MadeObject[]): Promise<MadeObject[]> {
  const ofKind = (kind: MadeObject["kind"]) => objects.filter((object) => object.kind === kind);
  const left: MadeObject[] = [];
  for (const kind of [
    "MutatingWebhookConfiguration",
    "ClusterRoleBinding",
    "ClusterRole",
    "Namespace",
    "CustomResourceDefinition",
  ] as const) {
    const gone = await Promise.all(ofKind(kind).map((object) => removeOne(api, object)));
    left.push(...ofKind(kind).filter((_, index) => !gone[index]));
  }
  return left;
}

/** @returns whether it is gone. */
async function removeOne(api: OwnerApi, { kind, path }: MadeObject): Promise<boolean> {
  // Nothing that they could still save is kept.
  if (kind === "Namespace") await api.send("DELETE", `${path}/pods?gracePeriodSeconds=1`);
  const { status, body } = await api.send<{ message?: string }>("DELETE", path);
  if (status === 401 || status === 403) throw new Error(body.message ?? `refused (${status})`);
  const giveUpAt = Date.now() + patienceMs;
  while ((await api.send("GET", path)).status !== 404) {
    if (Date.now() > giveUpAt) return false;
    await sleep(300);
  }
  return true;
}

function describe(plane: Plane, { kubeconfig, server }: GivenCluster, left: MadeObject[], why: string): string {
  const words = left.map(({ kind, name }) => `${kind} ${name}`).join(", ");
  return `In the ${plane}'s cluster at ${server} may be left: ${words} (${why.replace(/\.$/, "")}). Remove them by: ${removalByHand(kubeconfig, left)}`;
}
