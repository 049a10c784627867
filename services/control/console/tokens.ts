/** The console as a client of the region's own Identity: codes become tokens, and these end. */
import { z } from "zod";
import { unavailable } from "../../shared/errors.ts";
import { askOverHttp2 } from "../../shared/over-http2.ts";
import type { StreamSource } from "../../shared/proxy.ts";
import { tokenPath } from "../identity/metadata.ts";
import { consoleClient, revocationPath } from "../identity/public-client.ts";

const answerSchema = z.object({ access_token: z.string(), expires_in: z.number().int().positive() });

export interface Tokens {
  /** @returns undefined where the code is refused. */
  exchange(code: string, verifier: string): Promise<{ token: string; lifetimeSeconds: number } | undefined>;
  /** Ends the session that the token was given for. */
  revoke(token: string): Promise<void>;
}

/** @throws ConnectError unavailable where Identity does not answer, or not as it should. */
export function openTokens(identity: StreamSource, issuer: string): Tokens {
  const { clientId, redirectUri } = consoleClient(issuer);
  const post = async (path: string, fields: Record<string, string>) => {
    const form = new URLSearchParams({ client_id: clientId, ...fields });
    try {
      return await askOverHttp2(identity, { path, headers: {}, form, signal: AbortSignal.timeout(15_000) });
    } catch (error) {
      throw unavailable("the identity service cannot be reached, try again", error);
    }
  };
  return {
    async exchange(code, verifier) {
      const proof = { code, code_verifier: verifier, redirect_uri: redirectUri };
      const answer = await post(tokenPath, { grant_type: "authorization_code", ...proof });
      if (answer.status === 400) return undefined;
      const { success, data } = answerSchema.safeParse(answer.status === 200 ? await answer.json() : undefined);
      if (!success) throw unavailable("the identity service gave no token, try again");
      return { token: data.access_token, lifetimeSeconds: data.expires_in };
    },
    async revoke(token) {
      const { status } = await post(revocationPath, { token });
      if (status !== 200) throw unavailable("the identity service did not end the session, try again");
    },
  };
}
