/** Signing out (RFC 7009): what a session's token was given for is over everywhere within a minute. */
import type { TokenVerifier } from "../../shared/auth/verifier.ts";
import { sha256 } from "../../shared/bootstrap.ts";
import { answerJson, type HttpHandler } from "../../shared/http.ts";
import { readForm } from "./forms.ts";
import { publicClientOf } from "./public-client.ts";
import type { SessionStore } from "./sessions.ts";
import type { SignInRecord } from "./sign-in-record.ts";

export interface RevocationDeps {
  issuer: string;
  sessions: Pick<SessionStore, "holderOf" | "revoke">;
  verify: TokenVerifier;
  record: SignInRecord;
}

interface Found {
  who: Parameters<SignInRecord>[0];
  session: string;
}

/** Answers alike whether there was such a token (RFC 7009 2.2), so that nothing is learned by asking. */
export function revocationEndpoint({ issuer, sessions, verify, record }: RevocationDeps): HttpHandler {
  return async (request, response) => {
    const form = request.method === "POST" ? await readForm(request) : undefined;
    const token = form?.get("token");
    if (!token) return answerJson(response, 400, { error: "invalid_request", error_description: "POST a token" });
    if (!publicClientOf(form?.get("client_id"), issuer)) {
      return answerJson(response, 401, { error: "invalid_client", error_description: "the client is not known" });
    }
    const found = token.includes(".") ? await ofAccessToken(token) : await ofRefreshToken(token);
    if (found) {
      await record(found.who, "sign-in/End", { resource: found.session });
      await sessions.revoke(found.who.org, found.session);
    }
    answerJson(response, 200, {});
  };

  async function ofRefreshToken(token: string): Promise<Found | undefined> {
    const holder = await sessions.holderOf(sha256(token));
    return holder?.session === undefined ? undefined : { who: holder, session: holder.session };
  }

  async function ofAccessToken(token: string): Promise<Found | undefined> {
    // One that is over, or no token at all: there is nothing to end.
    const identified = await verify(`Bearer ${token}`).catch(() => undefined);
    if (identified?.session === undefined || identified.kind === "cluster") return undefined;
    const { org, subject, kind, session } = identified;
    return { who: { org, subject, kind }, session };
  }
}
