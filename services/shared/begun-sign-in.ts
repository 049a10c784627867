/**
 * What a browser takes along while it signs in elsewhere: in a cookie of this host a verifier (RFC 7636), and where it wanted
 * to go. So nothing is kept here, and only the browser that began can finish.
 */
import { createHash, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { cookieOf, cookiesNamed, endCookie, setCookie } from "./cookies.ts";

/** For a password, a second factor, and a search for the telephone that has it. */
const patienceSeconds = 10 * 60;
/** Windows that sign in at one time; with more the cookies alone would be too long. */
const maxBegun = 5;
const maxPath = 2_000;

export interface BegunSignIns {
  /** @param wanted a local path; "/" in place of any other. */
  begin(headers: IncomingHttpHeaders, wanted: string): { state: string; challenge: string; cookies: string[] };
  /** @returns undefined for a state that this browser was not given: somebody else's sign-in, or none. */
  returned(request: { method: string; url: string; headers: IncomingHttpHeaders }): Returned | undefined;
}

export interface Returned {
  code: string;
  verifier: string;
  wanted: string;
  /** Ends the cookie. */
  over: string;
}

/** @param cookie what the names of the cookies begin with. @param own paths that nobody can have wanted begin with it. */
export function begunSignIns(cookie: string, own: string): BegunSignIns {
  return {
    begin(headers, wanted) {
      const state = randomBytes(32).toString("base64url");
      const verifier = randomBytes(32).toString("base64url");
      const challenge = createHash("sha256").update(verifier).digest("base64url");
      const path = Buffer.from(localPath(wanted, own)).toString("base64url");
      const before = cookiesNamed(headers, cookie);
      const ended = before.length < maxBegun ? [] : before.map(endCookie);
      return {
        ...{ state, challenge },
        cookies: [...ended, setCookie(cookie + nameOf(state), `${verifier}.${path}`, patienceSeconds)],
      };
    },
    returned({ method, url, headers }) {
      const query = new URLSearchParams(url.split("?")[1]);
      const [state = "", ...states] = query.getAll("state");
      const [code = "", ...codes] = query.getAll("code");
      const kept = cookieOf(headers, cookie + nameOf(state)) ?? "";
      const [, verifier, path] = /^([\w-]{43})\.([\w-]*)$/.exec(kept) ?? [];
      if (method !== "GET" || !verifier || states.length + codes.length > 0) return undefined;
      const wanted = localPath(Buffer.from(path ?? "", "base64url").toString("utf8"), own);
      return { code, verifier, wanted, over: endCookie(cookie + nameOf(state)) };
    },
  };
}

/** Never the address of another site, whatever is in the cookie: two slashes, or one and its mirror, would begin one. */
export function localPath(path: string, own: string): string {
  return path.length <= maxPath && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.startsWith(own) ? path : "/";
}

/** One for each sign-in, so that two windows do not take each other's. */
function nameOf(state: string): string {
  return createHash("sha256").update(state).digest("hex").slice(0, 16);
}
