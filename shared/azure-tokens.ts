/**
 * Access tokens of Entra for a pod of AKS, by workload identity: the token of the cluster that the kubelet keeps fresh in a
 * file is traded for one of the identity that the service account names. No secret of Azure's is in the pod.
 * Source: Microsoft identity platform, "client credentials flow", access token request with a federated credential.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "./errors.ts";
import { RestError, restCaller, type Send } from "./rest.ts";

export interface WorkloadTokenOptions {
  env: NodeJS.ProcessEnv;
  send?: Send | undefined;
  timeoutMs?: number | undefined;
  backoffMs?: number | undefined;
  now?: () => number;
}

/** What the webhook of AKS gives to pods that bear its label. */
type Variable = "AZURE_CLIENT_ID" | "AZURE_TENANT_ID" | "AZURE_FEDERATED_TOKEN_FILE" | "AZURE_AUTHORITY_HOST";
/** A token is not used any more for so long before its end. */
const marginMs = 300_000;

const answerSchema = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() });
const refusalSchema = z.object({ error: z.string(), error_description: z.string().default("") });

export class EntraError extends RestError {
  override readonly name = "EntraError";
}

/** @returns the token for a resource such as `https://storage.azure.com`; it is kept until shortly before its end */
export function workloadTokens({ env, now = Date.now, ...limits }: WorkloadTokenOptions) {
  const ask = restCaller({ ...limits, failure: EntraError, reasonOf });
  const kept = new Map<string, { token: Promise<string>; until: number }>();

  async function trade(resource: string): Promise<{ token: string; until: number }> {
    const [client, tenant] = [settingOf(env, "AZURE_CLIENT_ID"), settingOf(env, "AZURE_TENANT_ID")];
    const [file, authority] = [settingOf(env, "AZURE_FEDERATED_TOKEN_FILE"), settingOf(env, "AZURE_AUTHORITY_HOST")];
    const at = now();
    const fields = {
      ...{ grant_type: "client_credentials", client_id: client, scope: `${resource}/.default` },
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      // Read each time: the kubelet puts another one there.
      client_assertion: (await readFile(file, "utf8")).trim(),
    };
    const answer = await ask({
      method: "POST",
      url: `${authority.replace(/\/+$/, "")}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
      subject: `POST ${new URL(authority).host}/…/oauth2/v2.0/token`,
      headers: async () => new Headers({ "content-type": "application/x-www-form-urlencoded" }),
      body: new URLSearchParams(fields).toString(),
      repeatable: true,
    });
    const { access_token: token, expires_in: seconds } = answerSchema.parse(await answer.json());
    return { token, until: at + seconds * 1_000 - marginMs };
  }

  return (resource: string): Promise<string> => {
    const held = kept.get(resource);
    if (held && held.until > now()) return held.token;
    const traded = trade(resource);
    // Whoever asks meanwhile waits for the same one.
    const entry = { token: traded.then(({ token }) => token), until: Number.POSITIVE_INFINITY };
    kept.set(resource, entry);
    traded.then(
      ({ until }) => {
        entry.until = until;
      },
      () => kept.delete(resource),
    );
    return entry.token;
  };
}

function settingOf(env: NodeJS.ProcessEnv, name: Variable): string {
  const value = env[name];
  if (value) return value;
  throw new UserError(
    `${name} is missing. AKS gives it to pods with the label azure.workload.identity/use: "true" whose service account has the annotation azure.workload.identity/client-id.`,
  );
}

/** Entra's code and the first line of its words: behind it stand times and ids of traces. */
async function reasonOf(answer: Response): Promise<string | undefined> {
  try {
    const { error, error_description: words } = refusalSchema.parse(await answer.json());
    return `${error}: ${words.split(/[\r\n]/)[0]}`;
  } catch {
    // Another answer than Entra's: the status says what there is to say.
    return undefined;
  }
}
