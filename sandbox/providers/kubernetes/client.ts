/**
 * One cluster's API by plain JSON. `@kubernetes/client-node` gives login, trust and transport; its typed models are
 * not used, since they drop fields they do not know, and a typing mistake would then be applied as nothing.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Configuration, KubeConfig } from "@kubernetes/client-node";
import { messageOf, UserError } from "../../../shared/errors.ts";
import type { Properties } from "../machine/values.ts";

export type KubernetesObject = Properties & { metadata?: Properties };

/** The API server's refusal, in its own words. */
class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

export interface Cluster {
  /** Namespace of namespaced objects that name none. */
  defaultNamespace: string;
  /** @returns the answer, or undefined for 404. Throws ApiError for any other refusal. */
  request(method: Method, path: string, options?: RequestOptions): Promise<KubernetesObject | undefined>;
  /** Text, for logs. */
  text(path: string, signal: AbortSignal): Promise<string>;
}

type Method = "GET" | "PATCH" | "DELETE";

interface RequestOptions {
  query?: Record<string, string>;
  body?: object;
  contentType?: string;
  signal?: AbortSignal;
}

/** What a refusal that will pass looks like: an API server that starts, or a webhook that does. */
const passing = new Set([429, 500, 502, 503, 504]);
const patienceMs = 15_000;

/**
 * @param kubeconfig content, not a path
 * @param environment for the credential command that the kubeconfig names
 */
export async function openCluster(kubeconfig: string, environment: Record<string, string>): Promise<Cluster> {
  // Imported here, since a run that changes nothing in the cluster does without it.
  const { createConfiguration } = await import("@kubernetes/client-node");
  const { keptKubeConfig } = await import("../../../shared/kube-config.ts");
  const config = keptKubeConfig();
  try {
    config.loadFromString(kubeconfig);
  } catch (error) {
    throw new UserError(`The kubernetes provider's kubeconfig cannot be read: ${messageOf(error)}`);
  }
  const user = config.getCurrentUser();
  if (user?.exec) {
    const env = Object.entries(environment).map(([name, value]) => ({ name, value }));
    user.exec.env = [...env, ...(user.exec.env ?? [])];
  }
  const send = sender(config, createConfiguration());
  return {
    defaultNamespace: config.getContextObject(config.getCurrentContext())?.namespace ?? "default",
    async request(method, path, options = {}) {
      const { status, body } = await send(method, path, options);
      if (status === 404) return undefined;
      const answer = JSON.parse(body) as KubernetesObject;
      if (status >= 300) throw new ApiError(status, String(answer.message ?? body));
      return answer;
    },
    async text(path, signal) {
      return (await send("GET", path, { signal })).body;
    },
  };
}

function sender(config: KubeConfig, { httpApi }: Configuration) {
  const once = async (method: Method, path: string, options: RequestOptions) => {
    const { RequestContext, HttpMethod } = await import("@kubernetes/client-node");
    const server = config.getCurrentCluster()?.server;
    if (!server) throw new UserError("The kubernetes provider's kubeconfig names no current cluster.");
    const url = new URL(path, server);
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
    const context = new RequestContext(url.toString(), HttpMethod[method]);
    context.setHeaderParam("Accept", "application/json");
    if (options.body) {
      context.setHeaderParam("Content-Type", options.contentType ?? "application/json");
      context.setBody(JSON.stringify(options.body));
    }
    if (options.signal) context.setSignal(options.signal);
    await config.applySecurityAuthentication(context);
    const response = await httpApi.send(context).toPromise();
    return { status: response.httpStatusCode, body: await response.body.text() };
  };
  return async (method: Method, path: string, options: RequestOptions) => {
    const giveUpAt = Date.now() + patienceMs;
    for (;;) {
      try {
        const answer = await once(method, path, options);
        if (!passing.has(answer.status) || Date.now() > giveUpAt) return answer;
      } catch (error) {
        options.signal?.throwIfAborted();
        if (error instanceof UserError || Date.now() > giveUpAt) throw unreachable(config, error);
      }
      await sleep(500, undefined, { signal: options.signal });
    }
  };
}

function unreachable(config: KubeConfig, error: unknown): Error {
  if (error instanceof UserError) return error;
  const cause =
    error instanceof Error && error.cause ? `${error.message}: ${messageOf(error.cause)}` : messageOf(error);
  return new UserError(`The cluster at ${config.getCurrentCluster()?.server} does not answer: ${cause.trim()}`);
}
