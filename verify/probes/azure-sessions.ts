/**
 * Sessions as a pod on AKS gets them: Entra trades the cluster's token for one of the managed identity that trusts it, or
 * does not. Blob Storage by them. Source: Microsoft identity platform, "client credentials flow", with a federated credential.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { tokenAudience } from "../../components/identity/azure-roles.ts";
import { identityAnnotations } from "../../components/identity/contract.ts";
import { AzureError } from "../../shared/azure.ts";
import { type RestCall, restCaller, type Send } from "../../shared/rest.ts";
import { escapedPath } from "../../shared/rfc3986.ts";
import { patienceMs } from "../collect/attempt.ts";
import { sendTrusting } from "../collect/rest.ts";
import type { AzureTarget } from "../target.ts";
import { type CloudSessions, type Place, readRefusal, type Store, tried } from "./sessions.ts";
import { storeOrigin } from "./store-host.ts";

/** Entra's words for a token that no federated credential of the identity names; longer numbers say other things. */
const unknownToEntra = /\bAADSTS70021(?:3)?:/;
const sessionSchema = z.object({ access_token: z.string() });
const errorSchema = z.object({ error_description: z.string() });

type Call = (call: Pick<RestCall, "method" | "url" | "subject"> & Partial<RestCall>) => Promise<Response>;

export function azureSessions(target: AzureTarget, send = sendOf(target), backoffMs = 200): CloudSessions {
  const rest = restCaller({ send, timeoutMs: patienceMs, backoffMs, failure: AzureError, reasonOf });
  const call: Call = (one) => rest({ headers: async () => new Headers(), repeatable: true, ...one });
  const authority = (target.azure.authorityUrl ?? "https://login.microsoftonline.com").replace(/\/+$/, "");

  return {
    annotation: identityAnnotations.azure,
    audience: tokenAudience,
    async take(client, token) {
      const fields = {
        ...{ grant_type: "client_credentials", client_id: client, scope: "https://storage.azure.com/.default" },
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: token,
      };
      try {
        const traded = await call({
          ...{
            method: "POST",
            url: `${authority}/${target.tenant}/oauth2/v2.0/token`,
            subject: "POST oauth2/v2.0/token",
          },
          headers: async () => new Headers({ "content-type": "application/x-www-form-urlencoded" }),
          body: new URLSearchParams(fields).toString(),
        });
        const { access_token: session } = sessionSchema.parse(await traded.json());
        return { store: storeOf(call, storeOrigin(target), session), told: "a session" };
      } catch (error) {
        if (!(error instanceof AzureError) || error.passes || !unknownToEntra.test(error.message)) throw error;
        return { told: error.message };
      }
    },
  };
}

function sendOf({ azure: { caFile } }: AzureTarget): Send | undefined {
  return caFile ? sendTrusting(readFileSync(caFile, "utf8")) : undefined;
}

/** Entra's first sentence, or Blob Storage's code: what else stands there is not told. */
async function reasonOf(answer: Response): Promise<string | undefined> {
  const body = await answer.text();
  try {
    return errorSchema.parse(JSON.parse(body)).error_description.split(/[\r\n]/)[0];
  } catch {
    return /<Code>([A-Za-z0-9]+)<\/Code>/.exec(body)?.[1];
  }
}

function storeOf(call: Call, origin: string, session: string): Store {
  const ask = ({ bucket, key }: Place, method: string, more: Record<string, string> = {}) => {
    const headers = { authorization: `Bearer ${session}`, "x-ms-version": "2023-11-03", ...more };
    return {
      ...{ method, url: `${origin}/${bucket}/${escapedPath(key)}`, subject: `${method} blob` },
      headers: async () => new Headers(headers),
    };
  };
  const asked = (one: Parameters<Call>[0]) => tried(async () => (await call(one)).body?.cancel(), readRefusal);
  const whole = { "x-ms-blob-type": "BlockBlob", "content-length": "5" };
  return {
    put: (at) => asked({ ...ask(at, "PUT", whole), body: "probe" }),
    get: (at) => asked(ask(at, "GET")),
    delete: (at) => asked(ask(at, "DELETE")),
  };
}
