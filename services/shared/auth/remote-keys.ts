/** A JWK set behind a URL, cached and refreshed by jose; fetched by HTTP/2, which is all that services speak between them. */
import { Http2SessionManager } from "@connectrpc/connect-node";
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { unavailable } from "../errors.ts";
import { clientTls, type ServiceTls } from "../service-tls.ts";

const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })).min(1) });
const maxBytes = 256 * 1024;

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
    [customFetch]: (_url, { signal }) => getOverHttp2(sessions, target.pathname + target.search, signal),
  });
}

/** @returns a function that reads the key set anew, as JSON text; it throws where that is no key set. */
export function keySetReader(url: string, tls?: ServiceTls): () => Promise<string> {
  const target = new URL(url);
  const sessions = new Http2SessionManager(target, undefined, clientTls(tls));
  return async () => {
    const answer = await getOverHttp2(sessions, target.pathname, AbortSignal.timeout(5_000));
    const keys = keySet.safeParse(answer.status === 200 ? await answer.json() : undefined);
    if (!keys.success) throw unavailable("the keys that verify tokens cannot be fetched, try again");
    return JSON.stringify(keys.data);
  };
}

/** @returns status and body, at most 256 KiB of it. */
async function getOverHttp2(sessions: Http2SessionManager, path: string, signal: AbortSignal) {
  const stream = await sessions.request("GET", path, { accept: "application/json" }, {});
  const abort = () => stream.close();
  // Errors are thrown by the loop below; a connection that fails after the answer must not end the process.
  stream.on("error", () => undefined);
  signal.addEventListener("abort", abort);
  try {
    let status = 0;
    stream.once("response", (headers) => {
      status = headers[":status"] ?? 0;
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new Error(`${path} answered more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    if (signal.aborted) throw new Error(`${path} did not answer in time`);
    if (status === 0) throw new Error(`${path} did not answer`);
    return new Response(Buffer.concat(chunks), { status });
  } finally {
    signal.removeEventListener("abort", abort);
    stream.close();
  }
}
