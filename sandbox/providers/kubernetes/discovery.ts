/** Where objects of a kind live in the API, asked of the server itself, so that custom kinds need no table. */
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../shared/errors.ts";
import { isProperties, type Properties } from "../machine/values.ts";
import type { Cluster } from "./client.ts";

interface ApiResource {
  /** Plural, as in paths. */
  name: string;
  kind: string;
  namespaced: boolean;
}

/** A definition that has just been made is served a moment later. */
const patienceMs = 10_000;

export interface Discovery {
  /** @returns the object's path and identity: `namespace/name`, or `name` of what lies in no namespace */
  locate(object: Properties, signal: AbortSignal): Promise<{ path: string; id: string; namespace?: string }>;
}

export function discovery(cluster: Cluster): Discovery {
  const known = new Map<string, Promise<ApiResource[]>>();
  const list = async (apiVersion: string, signal: AbortSignal) => {
    const answer = await cluster.request("GET", root(apiVersion), { signal });
    const resources = Array.isArray(answer?.resources) ? answer.resources : [];
    return resources.filter(isProperties).map((entry) => ({
      name: String(entry.name),
      kind: String(entry.kind),
      namespaced: entry.namespaced === true,
    }));
  };
  const find = async (apiVersion: string, kind: string, signal: AbortSignal) => {
    const giveUpAt = Date.now() + patienceMs;
    for (;;) {
      const resources = known.get(apiVersion) ?? list(apiVersion, signal);
      known.set(apiVersion, resources);
      const found = (await resources).find((entry) => entry.kind === kind && !entry.name.includes("/"));
      if (found) return found;
      known.delete(apiVersion);
      if (Date.now() > giveUpAt) {
        throw new UserError(
          `The cluster serves no kind ${kind} in ${apiVersion}: is its CustomResourceDefinition there?`,
        );
      }
      await sleep(500, undefined, { signal });
    }
  };
  return {
    async locate(object, signal) {
      const apiVersion = String(object.apiVersion);
      const resource = await find(apiVersion, String(object.kind), signal);
      const metadata = isProperties(object.metadata) ? object.metadata : {};
      const name = String(metadata.name);
      const collection = (namespace?: string) =>
        `${root(apiVersion)}${namespace ? `/namespaces/${namespace}` : ""}/${resource.name}/${encodeURIComponent(name)}`;
      if (!resource.namespaced) return { path: collection(), id: name };
      const namespace = String(metadata.namespace ?? cluster.defaultNamespace);
      return { path: collection(namespace), id: `${namespace}/${name}`, namespace };
    },
  };
}

function root(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
