/** How a browser comes to the console's session: away to the region's authorization endpoint, and back with a code. */
import type { IncomingHttpHeaders } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Authorizer } from "../../shared/auth/authorizer.ts";
import type { Identified } from "../../shared/auth/caller.ts";
import type { TokenVerifier } from "../../shared/auth/verifier.ts";
import { begunSignIns } from "../../shared/begun-sign-in.ts";
import { cookieCounts, cookieOf, endCookie, setCookie } from "../../shared/cookies.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../shared/http.ts";
import { authorizePath, consoleClient } from "../identity/public-client.ts";
import { answerPage, messagePage, redirect } from "./html.ts";
import { own } from "./routes.ts";
import type { Tokens } from "./tokens.ts";

const session = "console";
const begun = begunSignIns("console-sign-in-", own);

export interface ConsoleSignInDeps {
  issuer: string;
  tokens: Tokens;
  verify: TokenVerifier;
  authorize: Authorizer;
}

export interface ConsoleSignIn {
  /** Who has a session that is in force. @throws ConnectError unavailable where nobody can say. */
  visitor(headers: IncomingHttpHeaders): Promise<Identified | undefined>;
  /** Sends the browser away, and remembers in a cookie what it wanted. */
  begin(request: HttpRequest, response: HttpResponse): void;
  finish: HttpHandler;
  end: HttpHandler;
}

export function consoleSignIn({ issuer, tokens, verify, authorize }: ConsoleSignInDeps): ConsoleSignIn {
  const client = consoleClient(issuer);
  /** Of a person who came by a browser: no other token is a session here. Asked for anew each time, since it may be revoked. */
  async function inForce(token: string): Promise<Identified | undefined> {
    try {
      const identified = await verify(`Bearer ${token}`);
      if (identified.session === undefined) return undefined;
      await authorize(identified, new Headers());
      return identified;
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) return undefined;
      throw error;
    }
  }

  return {
    async visitor(headers) {
      const token = cookieOf(headers, session);
      return token === undefined ? undefined : inForce(token);
    },
    begin({ headers, url = "/" }, response) {
      const { state, challenge, cookies } = begun.begin(headers, url);
      const to = new URL(issuer + authorizePath);
      to.search = new URLSearchParams({
        ...{ response_type: "code", client_id: client.clientId, redirect_uri: client.redirectUri, scope: "all" },
        ...{ state, code_challenge: challenge, code_challenge_method: "S256" },
      }).toString();
      redirect(response, 302, to.href, cookies);
    },
    async finish({ method = "", url = "", headers }, response) {
      const back = begun.returned({ method, url, headers });
      const said = new URLSearchParams(url.split("?")[1]).get("iss");
      if (!back || said !== issuer) {
        const why = "This sign-in is not this browser's, or took too long. Open the page again.";
        return answerPage(response, 400, messagePage("Not signed in", why));
      }
      const given = back.code && (await tokens.exchange(back.code, back.verifier));
      // Before it is a session: what would not be taken afterwards would send the browser round for ever.
      if (!given || !(await inForce(given.token))) {
        const page = messagePage("Not signed in", "This sign-in is over. Open the page again.");
        return answerPage(response, 403, page, { "set-cookie": back.over });
      }
      redirect(response, 303, back.wanted, [back.over, setCookie(session, given.token, given.lifetimeSeconds)]);
    },
    async end({ method = "", headers }, response) {
      const { host } = new URL(issuer);
      if (method !== "POST" || !cookieCounts({ host, method, headers, upgrade: false })) {
        const page = messagePage("Not like this", "Use the button of a page here.");
        return answerPage(response, 405, page, { allow: "POST" });
      }
      const token = cookieOf(headers, session);
      if (token !== undefined) await tokens.revoke(token);
      const text = "You are signed out here. Your identity provider may still know you, and let you in again unasked.";
      answerPage(response, 200, messagePage("Signed out", text), { "set-cookie": endCookie(session) });
    },
  };
}
