/** Whether what somebody shows may be exchanged for a token. Pure. */
import { createHash } from "node:crypto";
import { sha256 } from "../../shared/bootstrap.ts";
import { type PublicClient, publicClient } from "./public-client.ts";
import { tokenLifetime } from "./signing.ts";

/** Seconds. A session ends after a working day: then the identity provider is asked again who somebody is. */
export const sessionLifetime = 12 * 3600;
export const codeLifetime = 60;
/** Of a client that goes on by nothing but its code's one token: no longer than that can be in force. */
export const codeSessionLifetime = codeLifetime + tokenLifetime;
export const deviceLifetime = 10 * 60;
/** What a device may ask at most every so many seconds. */
export const deviceInterval = 5;

/**
 * The pinned client's unary and streaming halves read one refresh token from the keyring and each exchange it. Within a
 * minute that is no theft.
 */
export const refreshLeeway = 60;

/** `app-code` becomes `app`, which is what a browser shows at one app, as often as it asks there. */
export type SecretKind = "code" | "device" | "refresh" | "app-code" | "app";

export interface FoundSecret {
  kind: SecretKind;
  challenge: string;
  expired: boolean;
  /** Null where it was never exchanged. */
  usedSecondsAgo: number | null;
  /** Revoked, or at its end. */
  sessionOver: boolean;
}

/** "replayed" and "mismatched" end the session: what came of the secret may be in other hands. */
export type Verdict = "good" | "over" | "replayed" | "mismatched";

/** @param verifier of a code (RFC 7636). */
export function judgeSecret(found: FoundSecret, kind: SecretKind, verifier = ""): Verdict {
  if (found.kind !== kind || found.sessionOver) return "over";
  if (kind === "app") return found.expired ? "over" : "good";
  if (found.usedSecondsAgo !== null && !(kind === "refresh" && found.usedSecondsAgo <= refreshLeeway)) {
    return "replayed";
  }
  if (found.expired) return "over";
  return (kind === "code" || kind === "app-code") && challengeOf(verifier) !== found.challenge ? "mismatched" : "good";
}

/** A code is looked up by whose it is as well: what another client shows is unknown (RFC 6749 4.1.3). */
export function codeHash({ clientId }: PublicClient, code: string): Buffer {
  return sha256(clientId === publicClient.clientId ? code : `${clientId} ${code}`);
}

/** RFC 7636, S256. */
export const challengeOf = (verifier: string) => createHash("sha256").update(verifier).digest("base64url");

/** No vowels, so that no word comes of it, and nothing that looks like something else: 20^8 of them. */
const letters = "BCDFGHJKLMNPQRSTVWXZ";
const eightLetters = new RegExp(`^[${letters}]{8}$`);

/** @param draw an integer from 0 to below its argument, by chance. @example "BCDF-GHJK" */
export function newUserCode(draw: (below: number) => number): string {
  const text = Array.from({ length: 8 }, () => letters[draw(letters.length)]).join("");
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** As people type it: any case, with or without the hyphen. @returns undefined for what can be none. */
export function readUserCode(typed: string): string | undefined {
  const text = typed.slice(0, 64).toUpperCase().replaceAll(/[\s-]/g, "");
  return eightLetters.test(text) ? `${text.slice(0, 4)}-${text.slice(4)}` : undefined;
}
