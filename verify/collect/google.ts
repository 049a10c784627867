/** Reads the customer's project; every list to its last page, every refusal a recorded fact. Nothing is written. */
import { z } from "zod";
import { type Google, type GoogleCall, google } from "../../shared/google.ts";
import type { Collected } from "../facts.ts";
import type { GoogleAccountFact } from "../facts-google.ts";
import type { GoogleTarget } from "../target.ts";
import { attempt, patienceMs } from "./attempt.ts";

export async function collectGoogle({
  project,
  google: access,
}: GoogleTarget): Promise<Pick<Collected, "googleAccounts">> {
  const env = access?.endpointUrl === undefined ? {} : { GOOGLE_ENDPOINT_URL: access.endpointUrl };
  const client = google({ env, timeoutMs: patienceMs });
  const request = `iam: service accounts of ${project}, their keys and policies`;
  return { googleAccounts: await attempt(request, () => readGoogleAccounts(client, project)) };
}

const accountsPage = z.object({
  accounts: z.array(z.object({ email: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});
const keysSchema = z.object({ keys: z.array(z.object({ name: z.string() })).default([]) });
const policySchema = z.object({
  bindings: z
    .array(
      z.object({
        role: z.string(),
        members: z.array(z.string()).default([]),
        condition: z.object({ expression: z.string() }).optional(),
      }),
    )
    .default([]),
});

/** So many accounts are asked about at once. */
const atOnce = 8;

export async function readGoogleAccounts(client: Google, project: string): Promise<GoogleAccountFact[]> {
  const path = `/v1/projects/${project}/serviceAccounts`;
  const emails: string[] = [];
  for (let pageToken = "", more = true; more; more = pageToken !== "") {
    const query = { pageSize: "100", ...(pageToken ? { pageToken } : {}) };
    const page = await ask(client, { path, query }, accountsPage);
    emails.push(...page.accounts.map(({ email }) => email));
    pageToken = page.nextPageToken ?? "";
  }
  const found: GoogleAccountFact[] = [];
  for (let at = 0; at < emails.length; at += atOnce) {
    found.push(...(await Promise.all(emails.slice(at, at + atOnce).map((email) => readAccount(client, path, email)))));
  }
  return found;
}

async function readAccount(client: Google, parent: string, email: string): Promise<GoogleAccountFact> {
  const path = `${parent}/${encodeURIComponent(email)}`;
  const options = { requestedPolicyVersion: 3 };
  const [{ keys }, { bindings }] = await Promise.all([
    ask(client, { path: `${path}/keys`, query: { keyTypes: "USER_MANAGED" } }, keysSchema),
    ask(client, { method: "POST", path: `${path}:getIamPolicy`, json: { options }, repeatable: true }, policySchema),
  ]);
  return {
    email,
    userKeys: keys.map(({ name }) => name),
    bindings: bindings.map(({ role, members, condition }) => {
      return { role, members, ...(condition ? { condition: condition.expression } : {}) };
    }),
  };
}

async function ask<T>(client: Google, call: Omit<GoogleCall, "api">, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(await (await client.call({ api: "iam", ...call })).json());
}
