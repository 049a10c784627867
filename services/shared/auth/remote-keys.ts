/** A JWK set behind a URL, cached and refreshed by jose; fetched by HTTP/2, which is all that services speak between them. */
import { Http2SessionManager } from "@connectrpc/connect-node";
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { unavailable } from "../errors.ts";
import { askOverHttp2 } from "../over-http2.ts";
import { clientTls, type ServiceTls } from "../service-tls.ts";

const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })).min(1) });
const json = { accept: "application/json" };

/**
 * Unknown key ids are looked up again after 2 s, so that a new key is known at once and a flood stays cheap. Known ones
 * are looked up again too, so that one that was withdrawn is refused within a minute.
 */
export function remoteKeys(url: string, tls?: ServiceTls): JWTVerifyGetKey {
  const target = new URL(url);
  const sessions = new Http2SessionManager(target, undefined, clientTls(tls));
  return createRemoteJWKSet(target, {
    cooldownDuration: 2_000,
    cacheMaxAge: 45_000,
    timeoutDuration: 3_000,
    [customFetch]: (_url, { signal }) =>
      askOverHttp2(sessions, { path: target.pathname + target.search, headers: json, signal }),
  });
}

/** @returns a function that reads the key set anew, as JSON text; it throws where that is no key set. */
export function keySetReader(url: string, tls?: ServiceTls): () => Promise<string> {
  const target = new URL(url);
  const sessions = new Http2SessionManager(target, undefined, clientTls(tls));
  return async () => {
    const answer = await askOverHttp2(sessions, {
      ...{ path: target.pathname, headers: json, signal: AbortSignal.timeout(5_000) },
    });
    const keys = keySet.safeParse(answer.status === 200 ? await answer.json() : undefined);
    if (!keys.success) throw unavailable("the keys that verify tokens cannot be fetched, try again");
    return JSON.stringify(keys.data);
  };
}
