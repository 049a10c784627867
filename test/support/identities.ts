/** The local run's identities, signed in at the edge as any client signs in. */
import { readFileSync } from "node:fs";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { z } from "zod";
import type { Identity } from "../../sandbox/environment.ts";
import { https } from "./api.ts";
import { environment } from "./local-run.ts";

const answerSchema = z.object({ access_token: z.string().optional(), error: z.string().optional() });

export interface TokenAnswer {
  status: number;
  token: string | undefined;
  error: string | undefined;
}

export async function tokenAnswer(clientId: string, secret: string): Promise<TokenAnswer> {
  const credentials = `${clientId}:${encodeURIComponent(secret)}`;
  const { status, body } = await https(`https://${environment.endpoint}/oauth2/v1/token`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(credentials).toString("base64")}`,
    },
    body: "grant_type=client_credentials",
  });
  // Whoever stands before Identity answers for it while it is away, in words of its own.
  if (status >= 500) return { status, token: undefined, error: body.toString() };
  const { access_token: token, error } = answerSchema.parse(JSON.parse(body.toString()));
  return { status, token, error };
}

/** @returns a bearer header of one of `identities` of `./biplane env --json`. */
export async function signedIn(org: string, role: Identity["role"]): Promise<Record<string, string>> {
  const identity = environment.identities.find((one) => one.org === org && one.role === role);
  if (!identity) throw new Error(`the local run has no ${role} of ${org}`);
  const { status, token } = await tokenAnswer(identity.clientId, readFileSync(identity.clientSecretFile, "utf8"));
  if (!token) throw new Error(`${identity.clientId} cannot sign in: ${status}`);
  return bearer(token);
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Over TLS, through the edge; says nothing of who calls. */
export function edge(): Transport {
  return createConnectTransport({
    baseUrl: `https://${environment.endpoint}`,
    httpVersion: "2",
    nodeOptions: { ca: readFileSync(environment.caFile) },
  });
}
