/** The objects on the real API server, as it writes them: a typed client would rename and leave out fields. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type RequestOptions, request } from "node:https";
import { text } from "node:stream/consumers";
import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import { pluralOf, syncManager } from "../../../components/compute-plane/on-demand.ts";
import type { Manifest } from "../../../components/compute-plane/project-plan.ts";
import { type LiveObject, NotOursError, type Objects, titleOf } from "./objects.ts";

const applyPatch = "application/apply-patch+yaml";
const mergePatch = "application/merge-patch+json";
const timeoutMs = 15_000;

const statusSchema = z.object({ message: z.string() });
const liveSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    resourceVersion: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
});

export interface KubernetesObjects extends Objects {
  tell(subject: string, message: string): Promise<void>;
}

/** @param about the Deployment that events are told of, in the platform's namespace */
export function kubernetesObjects(config: KubeConfig, about: { namespace: string; name: string }): KubernetesObjects {
  const send = (method: string, path: string, body?: object, type?: string) => call(config, method, path, body, type);
  const applied = `fieldManager=${syncManager}&force=true`;
  return {
    async read(manifest) {
      const { status, body } = await send("GET", pathOf(manifest));
      if (status === 404) return undefined;
      if (status !== 200) throw refused(manifest, status, body);
      return liveOf(body);
    },
    async apply(manifest) {
      const { status, body } = await send("PATCH", `${pathOf(manifest)}?${applied}`, storedOf(manifest), applyPatch);
      if (status !== 200 && status !== 201) throw refused(manifest, status, body);
    },
    async change(live, change) {
      const { metadata = {}, ...rest }: { metadata?: object } = change;
      const patch = { ...rest, metadata: { ...metadata, resourceVersion: live.metadata.resourceVersion } };
      const path = `${pathOf(live)}?fieldManager=${syncManager}`;
      const { status, body } = await send("PATCH", path, patch, mergePatch);
      if (status !== 200) throw refused(live, status, body);
    },
    async tell(subject, message) {
      const event = eventOf(about, subject, message);
      const path = `/api/v1/namespaces/${about.namespace}/events/${event.metadata.name}?${applied}`;
      const { status, body } = await send("PATCH", path, event, applyPatch);
      if (status !== 200 && status !== 201) throw new Error(`an event could not be told (${status}): ${wordsOf(body)}`);
    },
  };
}

/** One event a subject, which is told again: they go by themselves an hour after the last time. */
function eventOf({ namespace, name }: { namespace: string; name: string }, subject: string, message: string) {
  const id = createHash("sha256").update(subject).digest("hex").slice(0, 12);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name}.${id}`, namespace },
    involvedObject: { apiVersion: "apps/v1", kind: "Deployment", namespace, name },
    type: "Warning",
    reason: "LeftAlone",
    message,
    source: { component: name },
    lastTimestamp: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

/** A Secret's text goes as the API stores it: what is only written has no owner that could be compared. */
function storedOf(manifest: Manifest): object {
  const { stringData, ...rest } = manifest;
  if (typeof stringData !== "object" || stringData === null) return manifest;
  const data = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(String(value)).toString("base64")]);
  return { ...rest, data: Object.fromEntries(data) };
}

function pathOf(object: Pick<Manifest, "apiVersion" | "kind" | "metadata">): string {
  const { apiVersion, metadata } = object;
  const { name, namespace } = metadata;
  const plural = pluralOf(object);
  const api = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${api}${namespace ? `/namespaces/${namespace}` : ""}/${plural}/${name}`;
}

function liveOf(body: string): LiveObject {
  return liveSchema.parse(JSON.parse(body)) as LiveObject;
}

/** The API server's answer to a write quotes what it was sent where that is wrong: a Secret's is left out. */
function refused(object: Pick<Manifest, "kind" | "metadata">, status: number, body: string): Error {
  const words = object.kind === "Secret" ? "" : `: ${wordsOf(body)}`;
  const title = `${titleOf(object)} (${status})`;
  const isPolicy = /ValidatingAdmissionPolicy '[^']*' with binding/.test(body) && body.includes("is not the sync's");
  return isPolicy ? new NotOursError(`${title}${words}`) : new Error(`${title}${words}`);
}

function wordsOf(body: string): string {
  try {
    return statusSchema.parse(JSON.parse(body)).message;
  } catch {
    // A proxy's page, not the API server's answer.
    return body.slice(0, 200);
  }
}

async function call(config: KubeConfig, method: string, path: string, body?: object, type?: string) {
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new Error("the kubeconfig names no cluster");
  const signal = AbortSignal.timeout(timeoutMs);
  const options: RequestOptions = { method, signal, headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers = { ...options.headers, accept: "application/json", ...(type ? { "content-type": type } : {}) };
  const sent = request(new URL(`${server}${path}`), { ...options, headers });
  sent.end(body && JSON.stringify(body));
  const [answer] = await once(sent, "response", { signal });
  return { status: Number(answer.statusCode), body: await text(answer) };
}
