/** How somebody's browser comes to an app's session: away to the region with a secret of its own, and back with a code. */
import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { AppAccessService } from "../../../gen/biplane/apps/v1/access_pb.js";
import type { Logger } from "../../shared/log.ts";
import { cookieCounts } from "./asked.ts";
import { cookieOf, cookiesNamed, endCookie, sessionCookie, setCookie } from "./cookies.ts";
import { answer, redirect } from "./words.ts";

/** Everything below it is the gate's, at every app's host. */
const own = "/.biplane/";
const returnPath = `${own}signed-in`;
const signOutPath = `${own}sign-out`;
const begun = "sign-in-";
/** For a password, a second factor, and a search for the telephone that has it. */
const patienceSeconds = 10 * 60;
/** Windows that sign in at one time; with more the cookies alone would be too long. */
const maxBegun = 5;
const maxPath = 2_000;

export interface SignInOptions {
  region: Transport;
  controlPlaneHost: string;
  log: Logger;
}

export type SignIn = ReturnType<typeof openSignIn>;

export function openSignIn({ region, controlPlaneHost, log }: SignInOptions) {
  const client = createClient(AppAccessService, region);

  async function finish(host: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = new URLSearchParams(request.url?.split("?")[1]);
    const [state = "", ...states] = query.getAll("state");
    const [code = "", ...codes] = query.getAll("code");
    const kept = cookieOf(request.headers, begun + nameOf(state)) ?? "";
    const [, verifier, path] = /^([\w-]{43})\.([\w-]*)$/.exec(kept) ?? [];
    // A state that this browser was not given is somebody else's sign-in, or none.
    if (request.method !== "GET" || !verifier || states.length + codes.length > 0) {
      return answer(response, 400, "This sign-in is not this browser's, or took too long. Open the app again.");
    }
    const over = endCookie(begun + nameOf(state));
    try {
      const { session, lifetimeSeconds } = await client.finishSignIn({ host, code, verifier }, { timeoutMs: 15_000 });
      const made = setCookie(sessionCookie, session, lifetimeSeconds);
      redirect(response, localPath(Buffer.from(path ?? "", "base64url").toString("utf8")), [over, made]);
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) {
        return answer(response, 403, "This sign-in is over. Open the app again.", { "set-cookie": over });
      }
      log.warn("a sign-in at an app could not be finished", { error });
      answer(response, 503, "The region cannot be reached at the moment. Open the app again.");
    }
  }

  async function signOut(host: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", headers } = request;
    if (method !== "POST" || !cookieCounts({ host, method, headers, upgrade: false })) {
      return answer(response, 405, "POST it from a page of this app.", { allow: "POST" });
    }
    const session = cookieOf(headers, sessionCookie);
    try {
      if (session !== undefined) await client.signOut({ host, session }, { timeoutMs: 15_000 });
      answer(response, 200, "Signed out.", { "set-cookie": endCookie(sessionCookie) });
    } catch (error) {
      log.warn("somebody could not be signed out of an app", { error });
      answer(response, 503, "The region cannot be reached at the moment. Try again.");
    }
  }

  return {
    /** Sends the browser away, and remembers in a cookie of this host what it wanted. */
    begin(host: string, request: IncomingMessage, response: ServerResponse): void {
      const state = randomBytes(32).toString("base64url");
      const verifier = randomBytes(32).toString("base64url");
      const path = Buffer.from(localPath(request.url ?? "/")).toString("base64url");
      const to = new URL(`https://${controlPlaneHost}/oauth2/v1/app-sign-in`);
      const challenge = createHash("sha256").update(verifier).digest("base64url");
      to.search = new URLSearchParams({ host, state, code_challenge: challenge }).toString();
      const before = cookiesNamed(request.headers, begun);
      const ended = before.length < maxBegun ? [] : before.map(endCookie);
      redirect(response, to.href, [...ended, setCookie(begun + nameOf(state), `${verifier}.${path}`, patienceSeconds)]);
    },
    /** @returns undefined for a path that is the app's. */
    pageOf(
      path: string,
    ): ((host: string, request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined {
      if (!path.startsWith(own)) return undefined;
      if (path === returnPath) return finish;
      if (path === signOutPath) return signOut;
      return async (_host, _request, response) => answer(response, 404, "There is nothing here.");
    },
  };
}

/** Never the address of another site, whatever is in the cookie: two slashes, or one and its mirror, would begin one. */
export function localPath(path: string): string {
  return path.length <= maxPath && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.startsWith(own) ? path : "/";
}

/** One for each sign-in, so that two windows do not take each other's. */
function nameOf(state: string): string {
  return createHash("sha256").update(state).digest("hex").slice(0, 16);
}
