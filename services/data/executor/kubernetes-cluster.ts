/** The Cluster port on the real API server. */
import {
  ApiException,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
} from "@kubernetes/client-node";
import { z } from "zod";
import { type Cluster, NoRoomError, StaleError } from "./cluster.ts";
import { InvalidTaskError } from "./invalid-task.ts";
import { beyondQuota, closedQuota } from "./quota.ts";
import { finalizer, type TaskAction, taskActionApi } from "./task-action.ts";

const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
const { group, version, plural } = taskActionApi;

/** @param onDemand namespaces that may not be there yet: until they are, the API server refuses to say what is in them */
export function kubernetesCluster(config: KubeConfig, onDemand: ReadonlySet<string> = new Set()): Cluster {
  const core = config.makeApiClient(CoreV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  const place = (namespace: string, name: string) => ({ group, version, plural, namespace, name });
  const placeOf = ({ metadata }: TaskAction) => place(metadata.namespace ?? "", metadata.name ?? "");

  return {
    createAction: async (body) => {
      const namespace = body.metadata.namespace ?? "";
      const made = custom.createNamespacedCustomObject({ group, version, plural, namespace, body });
      return (await refusable(absorb(made, 409))) !== undefined;
    },
    readAction: async (namespace, name) => {
      const found = absorb<TaskAction>(custom.getNamespacedCustomObject(place(namespace, name)), 404);
      return onDemand.has(namespace) ? absorb(found, 403) : found;
    },
    writeStatus: (action, status) => {
      const body = { metadata: { resourceVersion: action.metadata.resourceVersion }, status };
      return current(custom.patchNamespacedCustomObjectStatus({ ...placeOf(action), body }, mergePatch));
    },
    labelAction: (action, labels) => {
      const body = { metadata: { labels } };
      return current(custom.patchNamespacedCustomObject({ ...placeOf(action), body }, mergePatch));
    },
    releaseAction: (action, labels = {}) => {
      const { resourceVersion, finalizers = [] } = action.metadata;
      // A merge patch replaces the whole list, so it must be the present one that it was made from.
      const metadata = { resourceVersion, labels, finalizers: finalizers.filter((name) => name !== finalizer) };
      return current(custom.patchNamespacedCustomObject({ ...placeOf(action), body: { metadata } }, mergePatch));
    },
    deleteAction: async (namespace, name) => {
      const body = { propagationPolicy: "Foreground" };
      await absorb(custom.deleteNamespacedCustomObject({ ...place(namespace, name), body }), 404);
    },
    readPod: (namespace, name) => absorb(core.readNamespacedPod({ namespace, name }), 404),
    createPod: async (body: V1Pod) => {
      const namespace = body.metadata?.namespace ?? "";
      const made = await refusable(absorb(core.createNamespacedPod({ namespace, body }), 409));
      return made ? "created" : "exists";
    },
    stopPod: async (namespace, name) => {
      // The kubelet ends the containers and leaves the pod, as Failed with reason DeadlineExceeded.
      const body = { spec: { activeDeadlineSeconds: 1 } };
      await absorb(core.patchNamespacedPod({ namespace, name, body }, mergePatch), 404);
    },
    deletePod: async (namespace, name) => {
      await absorb(core.deleteNamespacedPod({ namespace, name }), 404);
    },
  };
}

/** @returns undefined where the server answers that one status code. */
async function absorb<T>(call: Promise<T>, code: 403 | 404 | 409): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiException && error.code === code) return undefined;
    throw error;
  }
}

async function current(call: Promise<TaskAction>): Promise<TaskAction> {
  try {
    return await call;
  } catch (error) {
    // Gone, or changed: either way an event is about to say so.
    if (error instanceof ApiException && (error.code === 404 || error.code === 409)) throw new StaleError();
    throw error;
  }
}

/** Tells what the author of a task must change from what the operator or time must. */
async function refusable<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const message = serverMessage(error);
    if (error.code === 403 && message.includes("exceeded quota")) {
      const closed = closedQuota(message);
      if (closed) throw new NoRoomError(message, closed);
      const beyond = beyondQuota(message);
      throw beyond ? new InvalidTaskError(beyond, "BeyondQuota") : new NoRoomError(message);
    }
    // "User x cannot create resource": the executor's own rights are wrong, which no author can help.
    if (error.code === 403 && / cannot create resource /.test(message)) throw error;
    if ([400, 403, 413, 422].includes(error.code)) {
      // The secrets webhook's own words are for the author; that it was a webhook that said them is not.
      const said = message.replace(/^admission webhook "secrets\.biplane\.dev" denied the request: /, "");
      throw new InvalidTaskError(`The cluster refused the task's pod: ${said}`);
    }
    throw error;
  }
}

const statusSchema = z.object({ message: z.string() });

function serverMessage(error: ApiException<unknown>): string {
  const body = typeof error.body === "string" ? parsed(error.body) : error.body;
  return statusSchema.safeParse(body).data?.message ?? `status ${error.code}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page, not the API server's answer.
    return undefined;
  }
}
