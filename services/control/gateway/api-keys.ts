/** Callers that present an API key itself get a token in its place: every service behind the gateway knows tokens only. */
import { createHash } from "node:crypto";
import { createClient, type Transport } from "@connectrpc/connect";
import { KeyExchangeService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { unaryCall } from "../../shared/client.ts";

/** @returns the authorization header to go on with: the caller's own where it is no key. */
export type KeyExchange = (authorization: string | undefined, source: string) => Promise<string | undefined>;

const maxKept = 10_000;

/**
 * A token is kept for half its life. That keeps no key alive: whether the key is in force is asked with each request,
 * as for every token.
 */
export function keyExchange(identity: Transport, now: () => number = Date.now): KeyExchange {
  const client = createClient(KeyExchangeService, identity);
  /** By the key's hash. */
  const known = new Map<string, { header: string; until: number }>();
  return async (authorization, source) => {
    // A token has dots, which a key has not.
    const value = /^Bearer ([A-Za-z0-9+/]{32,1024}={0,2})$/i.exec(authorization ?? "")?.[1];
    if (!value) return authorization;
    const hash = createHash("sha256").update(value).digest("hex");
    const kept = known.get(hash);
    if (kept && kept.until > now()) return kept.header;
    const { accessToken, expiresInSeconds } = await client.exchange({ value, source }, unaryCall);
    if (known.size >= maxKept) known.clear();
    const header = `Bearer ${accessToken}`;
    known.set(hash, { header, until: now() + expiresInSeconds * 500 });
    return header;
  };
}
