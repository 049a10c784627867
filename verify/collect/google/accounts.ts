import { z } from "zod";
import type { GoogleAccountFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";
import { policyByPost, readBindings } from "./policy.ts";

const accountSchema = z.object({ email: z.string() });
const keysSchema = z.object({ keys: z.array(z.object({ name: z.string() })).default([]) });

export async function readGoogleAccounts(reads: Reads, project: string): Promise<GoogleAccountFact[]> {
  const path = `/v1/projects/${project}/serviceAccounts`;
  const listed = await reads.all({ api: "iam", path, query: { pageSize: "100" } }, "accounts", accountSchema);
  return Promise.all(listed.map(({ email }) => readAccount(reads, path, email)));
}

async function readAccount(reads: Reads, parent: string, email: string): Promise<GoogleAccountFact> {
  const path = `${parent}/${encodeURIComponent(email)}`;
  const [{ keys }, bindings] = await Promise.all([
    reads.one({ api: "iam", path: `${path}/keys`, query: { keyTypes: "USER_MANAGED" } }, keysSchema),
    readBindings(reads, policyByPost("iam", path)),
  ]);
  return { email, userKeys: keys.map(({ name }) => name), bindings };
}
