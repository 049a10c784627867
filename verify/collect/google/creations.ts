/**
 * Who made the plane's two service accounts, by the project's Admin Activity log. IAM tells of no account when it was made,
 * so all that the log keeps is asked about, once.
 */
import { z } from "zod";
import type { GoogleCreationFact } from "../../facts-google.ts";
import { callThatMadeAccount } from "../../reason/gcp/creation.ts";
import { NotTold } from "../not-told.ts";
import type { Reads } from "./client.ts";
import { policyByPost, readBindings } from "./policy.ts";

/** Of the bucket `_Required`, which nobody can change. Source: Cloud Logging, "Quotas and limits", log retention. */
const historyDays = 400;
const day = 24 * 60 * 60 * 1000;
const service = "iam.googleapis.com";
const method = "google.iam.admin.v1.CreateServiceAccount";

const accountSchema = z.object({ email: z.string(), uniqueId: z.string() });
const bucketSchema = z.object({ name: z.string() });
const whoSchema = z.object({ principalEmail: z.string().optional() });
const entrySchema = z.object({
  insertId: z.string(),
  timestamp: z.string(),
  protoPayload: z.object({
    serviceName: z.string(),
    methodName: z.string(),
    status: z.object({ code: z.int().default(0), message: z.string().default("") }).prefault({}),
    authenticationInfo: whoSchema
      .extend({
        principalSubject: z.string().optional(),
        serviceAccountDelegationInfo: z
          .array(z.object({ firstPartyPrincipal: whoSchema.optional(), principalSubject: z.string().optional() }))
          .default([]),
      })
      .prefault({}),
    request: z.object({ account_id: z.string().optional() }).prefault({}),
    response: z.object({ email: z.string().optional(), unique_id: z.string().optional() }).prefault({}),
  }),
});

type Entry = z.infer<typeof entrySchema>;
type Call = GoogleCreationFact["calls"][number];

export async function readGoogleCreations(
  reads: Reads,
  project: string,
  emails: readonly string[],
  now = Date.now(),
): Promise<GoogleCreationFact[]> {
  const parent = `/v1/projects/${project}/serviceAccounts`;
  const listed = await reads.all({ api: "iam", path: parent, query: { pageSize: "100" } }, "accounts", accountSchema);
  const entries = await readEntries(reads, project, new Date(now - historyDays * day));
  return Promise.all(
    emails.map(async (email) => {
      const uniqueId = listed.find((one) => one.email === email)?.uniqueId;
      if (uniqueId === undefined) throw new NotTold(`${project} has no service account ${email}`);
      const calls = entries.filter((entry) => isAbout(entry, email)).map(callOf);
      const made = callThatMadeAccount({ uniqueId, calls });
      if (!made)
        throw new NotTold(`no call that made ${email} (${uniqueId}) is in the ${historyDays} days that the log keeps`);
      const [, caller] = /^serviceAccount:(.*)$/.exec(made.by.member) ?? [];
      if (caller !== undefined && listed.some((one) => one.email === caller))
        made.by.bindings = await readBindings(reads, policyByPost("iam", `${parent}/${encodeURIComponent(caller)}`));
      else if (caller?.endsWith(`@${project}.iam.gserviceaccount.com`))
        throw new NotTold(`${email} was made by ${caller}, which is no more: whom it trusted is not told`);
      return { email, uniqueId, calls };
    }),
  );
}

/** Where an organisation says so, the bucket lies in a region and not at `global`. */
async function readEntries(reads: Reads, project: string, since: Date): Promise<Entry[]> {
  const api = "logging";
  const path = `/v2/projects/${project}/locations/-/buckets`;
  const buckets = await reads.all({ api, path, query: { pageSize: "1000" } }, "buckets", bucketSchema);
  const resourceNames = buckets
    .filter(({ name }) => name.endsWith("/buckets/_Required"))
    .map(({ name }) => `${name}/views/_AllLogs`);
  if (resourceNames.length === 0) throw new NotTold(`${project} tells of no log bucket _Required`);
  const filter = [
    `logName="projects/${project}/logs/cloudaudit.googleapis.com%2Factivity"`,
    `protoPayload.methodName="${method}"`,
    `timestamp>="${since.toISOString()}"`,
  ].join(" AND ");
  const json = { resourceNames, filter, pageSize: 1000 };
  const found = await reads.all({ api, method: "POST", path: "/v2/entries:list", json }, "entries", entrySchema);
  return found.filter(({ protoPayload: { serviceName, methodName } }) => {
    return serviceName === service && methodName === method;
  });
}

/** A call that failed made nothing that could be named, and asked for a name all the same. */
function isAbout({ protoPayload: { request, response } }: Entry, email: string): boolean {
  return response.email === email || request.account_id === email.split("@")[0];
}

function callOf({ insertId, timestamp, protoPayload }: Entry): Call {
  const { status, authenticationInfo: who, response } = protoPayload;
  return {
    ...{ insertId, at: timestamp },
    ...(response.unique_id ? { madeId: response.unique_id } : {}),
    ...(status.code === 0 ? {} : { error: `${status.code} ${status.message}`.trim() }),
    by: {
      member: memberOf(who.principalEmail, who.principalSubject),
      through: who.serviceAccountDelegationInfo.map(({ firstPartyPrincipal, principalSubject }) =>
        memberOf(firstPartyPrincipal?.principalEmail, principalSubject),
      ),
    },
  };
}

/** Whoever has no e-mail is named by a subject: somebody of a pool. */
function memberOf(email: string | undefined, subject: string | undefined): string {
  if (!email) return subject || "somebody who is not told";
  // A pool's too stands in the place of an e-mail, as a path.
  if (email.includes("//")) return email.startsWith("principal:") ? email : `principal:${email}`;
  return email.endsWith("gserviceaccount.com") || email.endsWith("]") ? `serviceAccount:${email}` : `user:${email}`;
}
