/** How somebody's browser comes to an app's session: away to the region with a secret of its own, and back with a code. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { AppAccessService } from "../../../gen/biplane/apps/v1/access_pb.js";
import { begunSignIns } from "../../shared/begun-sign-in.ts";
import { cookieCounts, cookieOf, endCookie, setCookie } from "../../shared/cookies.ts";
import type { Logger } from "../../shared/log.ts";
import { sessionCookie } from "./cookies.ts";
import { answer, redirect } from "./words.ts";

/** Everything below it is the gate's, at every app's host. */
const own = "/.biplane/";
const returnPath = `${own}signed-in`;
const signOutPath = `${own}sign-out`;
const begun = begunSignIns("sign-in-", own);

export interface SignInOptions {
  region: Transport;
  controlPlaneHost: string;
  log: Logger;
}

export type SignIn = ReturnType<typeof openSignIn>;

export function openSignIn({ region, controlPlaneHost, log }: SignInOptions) {
  const client = createClient(AppAccessService, region);

  async function finish(host: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const back = begun.returned({ method, url, headers });
    if (!back) {
      return answer(response, 400, "This sign-in is not this browser's, or took too long. Open the app again.");
    }
    const { code, verifier, over } = back;
    try {
      const { session, lifetimeSeconds } = await client.finishSignIn({ host, code, verifier }, { timeoutMs: 15_000 });
      const made = setCookie(sessionCookie, session, lifetimeSeconds);
      redirect(response, back.wanted, [over, made]);
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
      const { state, challenge, cookies } = begun.begin(request.headers, request.url ?? "/");
      const to = new URL(`https://${controlPlaneHost}/oauth2/v1/app-sign-in`);
      to.search = new URLSearchParams({ host, state, code_challenge: challenge }).toString();
      redirect(response, to.href, cookies);
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
