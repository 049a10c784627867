/** What the API server publishes of its tokens, read with this service's own account: any account may. */
import { request } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import type { ClusterKeys } from "./task-token.ts";

const discovery = z.object({ issuer: z.string().min(1) });
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

export function clusterKeys(kube: KubeConfig): ClusterKeys {
  return {
    issuer: async () => discovery.parse(await read(kube, "/.well-known/openid-configuration")).issuer,
    keys: async (): Promise<JSONWebKeySet> => keySet.parse(await read(kube, "/openid/v1/jwks")),
  };
}

async function read(kube: KubeConfig, path: string): Promise<unknown> {
  const server = kube.getCurrentCluster()?.server;
  if (!server) throw new Error("the cluster's API has no address");
  const options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0] = {
    headers: { accept: "application/jwk-set+json, application/json" },
  };
  await kube.applyToHTTPSOptions(options);
  const { agent, ca, cert, key, headers } = options;
  return new Promise((resolve, reject) => {
    const asked = request(`${server}${path}`, { agent, ca, cert, key, headers, timeout: 10_000 }, async (answer) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode !== 200) throw new Error(`the cluster's API answered ${answer.statusCode} to ${path}`);
        resolve(JSON.parse(text));
      } catch (error) {
        reject(error);
      }
    });
    asked.once("timeout", () => asked.destroy(new Error(`the cluster's API did not answer ${path}`)));
    asked.once("error", reject);
    asked.end();
  });
}
