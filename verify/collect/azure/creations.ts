/** Who made the plane's identities, by the subscription's activity log: asked about the minutes in which each was made. */
import { z } from "zod";
import { planeIdentities } from "../../azure-identities.ts";
import type { AzureCreationFact } from "../../facts-azure.ts";
import { callThatMadeIdentity } from "../../reason/azure/creation.ts";
import type { AzureTarget } from "../../target.ts";
import type { Reads } from "./client.ts";
import { identityId, sameId, subscriptionOf } from "./places.ts";

const kind = "Microsoft.ManagedIdentity/userAssignedIdentities";
const day = 24 * 60 * 60 * 1000;
const logDays = 90;
/** Between a resource's own date and its event's, which two services write. */
const marginMs = 5 * 60 * 1000;

/** What the log cannot tell is no answer, and no fault of the plane's either. */
class NotTold extends Error {
  override readonly name = "NotTold";
}

const resourceSchema = z.object({ id: z.string(), createdTime: z.iso.datetime({ offset: true }).nullish() });
const named = z
  .object({ value: z.string().nullish() })
  .nullish()
  .transform((found) => found?.value ?? "");
const eventSchema = z.object({
  eventDataId: z.string(),
  eventTimestamp: z.string(),
  resourceId: z.string().default(""),
  operationName: named,
  status: named,
  subStatus: named,
  claims: z.record(z.string(), z.string()).nullish(),
});

type Event = z.infer<typeof eventSchema>;
type Call = AzureCreationFact["calls"][number];

/** One identity after the other, the plane's own in the order of its plan. */
export async function readAzureCreations(
  reads: Reads,
  target: AzureTarget,
  now = Date.now(),
): Promise<AzureCreationFact[]> {
  const listed = await reads.all(`${subscriptionOf(target)}/resources`, "2021-04-01", resourceSchema, {
    ...{ $filter: `resourceType eq '${kind}'`, $expand: "createdTime" },
  });
  const found: AzureCreationFact[] = [];
  for (const { name } of planeIdentities(target)) {
    const id = identityId(target, name);
    const resource = listed.find((one) => sameId(one.id, id));
    if (!resource) throw new NotTold(`${id} is in no list of the subscription's resources`);
    if (!resource.createdTime) throw new NotTold(`Azure tells no date of ${id}`);
    found.push(await readCreation(reads, target, { id: resource.id, madeAt: new Date(resource.createdTime) }, now));
  }
  return found;
}

async function readCreation(
  reads: Reads,
  target: AzureTarget,
  { id, madeAt }: { id: string; madeAt: Date },
  now: number,
): Promise<AzureCreationFact> {
  const when = madeAt.toISOString();
  if (now - madeAt.getTime() > logDays * day)
    throw new NotTold(`${id} was made at ${when}, and the activity log keeps ${logDays} days`);
  // Azure refuses a question that begins before its log does; a minute, since its clock is another.
  const from = new Date(Math.max(madeAt.getTime() - marginMs, now - logDays * day + 60_000)).toISOString();
  const to = new Date(madeAt.getTime() + marginMs).toISOString();
  const events = await reads.all(
    `${subscriptionOf(target)}/providers/Microsoft.Insights/eventtypes/management/values`,
    "2015-04-01",
    eventSchema,
    { $filter: `eventTimestamp ge '${from}' and eventTimestamp le '${to}' and resourceUri eq '${id}'` },
  );
  const calls = events
    .filter(({ operationName, resourceId }) => sameId(operationName, `${kind}/write`) && sameId(resourceId, id))
    .map((event) => callOf(event, target));
  const made = callThatMadeIdentity({ calls });
  if (!made) throw new NotTold(`no call that made ${id} at ${when} is in the activity log, or not yet`);
  if (!made.by.object || !made.by.tenant)
    throw new NotTold(`${id} was made at ${made.at}, and the activity log does not tell by whom (${made.eventId})`);
  return { id, madeAt: when, calls };
}

/** By object id: what a caller is called may name a person, and nobody asks for that, nor for other groups of theirs. */
function callOf(
  { eventDataId, eventTimestamp, status, subStatus, claims }: Event,
  { ownPrincipals }: AzureTarget,
): Call {
  const claim = (name: string) => claims?.[`http://schemas.microsoft.com/identity/claims/${name}`] ?? "";
  const groups = (claims?.groups ?? "").split(",").map((group) => group.trim());
  return {
    ...{ eventId: eventDataId, at: eventTimestamp, status, answer: subStatus },
    by: {
      ...{ tenant: claim("tenantid"), object: claim("objectidentifier") },
      ownGroups: groups.filter((group) => group !== "" && ownPrincipals.some((own) => sameId(own, group))),
    },
  };
}
