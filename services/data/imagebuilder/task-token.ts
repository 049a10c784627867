/** Who asks for a build: the token that the kubelet writes into a task's pod, verified by the cluster's own keys. */
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { z } from "zod";
import { builderAudience } from "../../../components/image-builder/contract.ts";
import { unauthenticated } from "../../shared/errors.ts";

/** What the API server publishes of its tokens. */
export interface ClusterKeys {
  issuer(): Promise<string>;
  keys(): Promise<JSONWebKeySet>;
}

export interface Asker {
  namespace: string;
  pod: string;
}

const claims = z.object({
  "kubernetes.io": z.object({ namespace: z.string(), pod: z.object({ name: z.string() }) }),
});

export function taskTokens(cluster: ClusterKeys, namespaces: ReadonlySet<string>) {
  let held: { issuer: string; find: ReturnType<typeof createLocalJWKSet> } | undefined;
  const read = async () => {
    held = { issuer: await cluster.issuer(), find: createLocalJWKSet(await cluster.keys()) };
    return held;
  };
  const verify = async (token: string) => {
    const { issuer, find } = held ?? (await read());
    return jwtVerify(token, find, { issuer, audience: builderAudience, requiredClaims: ["exp"] });
  };
  /** @throws ConnectError unless it is a pod's, of a namespace that is served */
  return async (authorization: string | null): Promise<Asker> => {
    const token = /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
    if (!token) throw unauthenticated("a task pod's token is needed");
    let payload: unknown;
    try {
      ({ payload } = await verify(token).catch(async (error: unknown) => {
        // The cluster may have new keys.
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await read();
        return verify(token);
      }));
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw unauthenticated(`the task pod's token is not valid: ${error.code}`);
    }
    const { success, data } = claims.safeParse(payload);
    if (!success) throw unauthenticated("the token is no pod's");
    const { namespace, pod } = data["kubernetes.io"];
    if (!namespaces.has(namespace)) throw unauthenticated(`no images are built for the namespace ${namespace}`);
    return { namespace, pod: pod.name };
  };
}
