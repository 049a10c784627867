/** What the reconciler does to the cluster, and what it knows of it. */
import {
  ApiException,
  CustomObjectsApi,
  type KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { z } from "zod";
import { InvalidTaskError } from "../executor/invalid-task.ts";
import { type KnativeService, labels, manager, servingApi } from "./knative.ts";

export interface AppCluster {
  /** Makes it so, whatever it was. @throws InvalidTaskError for what the cluster does not take. */
  apply(service: KnativeService): Promise<void>;
  remove(namespace: string, name: string): Promise<void>;
}

const applyPatch = setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply);
const place = (namespace: string, name: string) => ({ ...servingApi, plural: "services", namespace, name });

export function kubernetesAppCluster(config: KubeConfig): AppCluster {
  const custom = config.makeApiClient(CustomObjectsApi);
  return {
    async apply(service) {
      const { namespace = "", name = "" } = service.metadata;
      await refuseForeign(custom, namespace, name);
      const given = { ...place(namespace, name), body: service, fieldManager: manager, force: true };
      try {
        await custom.patchNamespacedCustomObject(given, applyPatch);
      } catch (error) {
        throw refusal(error);
      }
    },
    async remove(namespace, name) {
      const body = { propagationPolicy: "Foreground" };
      try {
        await custom.deleteNamespacedCustomObject({ ...place(namespace, name), body });
      } catch (error) {
        if (!(error instanceof ApiException && error.code === 404)) throw error;
      }
    },
  };
}

/** Whoever else makes Services there keeps them. */
async function refuseForeign(custom: CustomObjectsApi, namespace: string, name: string): Promise<void> {
  try {
    const found: KnativeService = await custom.getNamespacedCustomObject(place(namespace, name));
    if (found.metadata.labels?.[labels.managedBy] === manager) return;
    throw new InvalidTaskError(`a Knative Service ${namespace}/${name} is there that this platform did not make`);
  } catch (error) {
    if (!(error instanceof ApiException && error.code === 404)) throw error;
  }
}

const statusSchema = z.object({ message: z.string() });

/** Tells what the app's author must change from what the operator or time must. */
function refusal(error: unknown): unknown {
  if (!(error instanceof ApiException) || ![400, 403, 413, 422].includes(error.code)) return error;
  const body = typeof error.body === "string" ? parsed(error.body) : error.body;
  const message = statusSchema.safeParse(body).data?.message ?? `status ${error.code}`;
  // "User x cannot patch resource": our own rights are wrong, which no author can help.
  if (/ cannot \w+ resource /.test(message)) return error;
  return new InvalidTaskError(`the cluster refused the app: ${message}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page, not the API server's answer.
    return undefined;
  }
}
