/** Who made the plane's two roles, by the account's event history: asked about the minutes in which each was made. */
import { type CloudTrailClient, paginateLookupEvents } from "@aws-sdk/client-cloudtrail";
import { GetRoleCommand, type Role } from "@aws-sdk/client-iam";
import { z } from "zod";
import type { RoleCreationFact } from "../facts-account.ts";
import { type PolicyDocument, parsePolicy } from "../reason/iam-policy.ts";
import { callThatMade } from "../reason/role-creation.ts";
import { absent } from "./attempt.ts";
import type { AwsClients } from "./aws-clients.ts";
import { NotTold } from "./not-told.ts";

const day = 24 * 60 * 60 * 1000;
const historyDays = 90;
/** Between a role's own date and its event's, which two services write. */
const marginMs = 5 * 60 * 1000;

const eventSchema = z.looseObject({
  eventID: z.string(),
  eventTime: z.string(),
  eventSource: z.string(),
  eventName: z.string(),
  errorCode: z.string().optional(),
  userIdentity: z.looseObject({
    type: z.string(),
    arn: z.string().optional(),
    accountId: z.string().optional(),
    sessionContext: z
      .looseObject({
        sessionIssuer: z.looseObject({ arn: z.string(), principalId: z.string(), userName: z.string() }).optional(),
      })
      .optional(),
  }),
  requestParameters: z.looseObject({ roleName: z.string().optional() }).nullish(),
  responseElements: z.looseObject({ role: z.looseObject({ roleId: z.string() }).optional() }).nullish(),
});

type Call = RoleCreationFact["calls"][number];
type Event = z.infer<typeof eventSchema>;

/** One role after the other: AWS answers two such questions a second. */
export async function readRoleCreations(
  clients: Pick<AwsClients, "iam" | "trails">,
  names: readonly string[],
  now = Date.now(),
): Promise<RoleCreationFact[]> {
  const found: RoleCreationFact[] = [];
  for (const name of names) found.push(await readCreation(clients, name, now));
  return found;
}

async function readCreation(
  { iam, trails }: Pick<AwsClients, "iam" | "trails">,
  name: string,
  now: number,
): Promise<RoleCreationFact> {
  const { arn, id, madeAt } = identified(name, (await iam.send(new GetRoleCommand({ RoleName: name }))).Role);
  const when = madeAt.toISOString();
  if (now - madeAt.getTime() > historyDays * day)
    throw new NotTold(`${name} was made at ${when}, and event history keeps ${historyDays} days`);
  const events = (await readEvents(trails, madeAt)).filter((event) => event.requestParameters?.roleName === name);
  const calls = events.map(callOf);
  const made = callThatMade({ id, calls });
  const event = events.find(({ eventID }) => eventID === made?.eventId);
  if (!made || !event)
    throw new NotTold(`no call that made ${name} (${id}) at ${when} is in the event history, or not yet`);
  const trust = made.by.type === "AssumedRole" ? await trustOf(iam, name, event) : undefined;
  if (trust) made.by.trust = trust;
  return { name, arn, id, madeAt: when, calls };
}

function identified(name: string, role: Role | undefined) {
  const { Arn: arn, RoleId: id, CreateDate: madeAt } = role ?? {};
  if (!arn || !id || !madeAt) throw new NotTold(`IAM tells no ARN, id or date of ${name}`);
  return { arn, id, madeAt };
}

async function readEvents(client: CloudTrailClient, madeAt: Date): Promise<Event[]> {
  const found: Event[] = [];
  const asked = {
    LookupAttributes: [{ AttributeKey: "EventName" as const, AttributeValue: "CreateRole" }],
    StartTime: new Date(madeAt.getTime() - marginMs),
    EndTime: new Date(madeAt.getTime() + marginMs),
    MaxResults: 50,
  };
  for await (const { Events = [] } of paginateLookupEvents({ client }, asked))
    found.push(...Events.map(({ CloudTrailEvent = "{}" }) => eventSchema.parse(JSON.parse(CloudTrailEvent))));
  return found.filter(
    ({ eventSource, eventName }) => eventSource === "iam.amazonaws.com" && eventName === "CreateRole",
  );
}

/** Of a session, the role: what it is called may name a person, and nobody asks for that. */
function callOf({ eventID, eventTime, errorCode, responseElements, userIdentity }: Event): Call {
  const { type, accountId: account = "", arn = "", sessionContext } = userIdentity;
  const roleId = responseElements?.role?.roleId;
  return {
    ...{ eventId: eventID, at: eventTime },
    ...(roleId === undefined ? {} : { roleId }),
    ...(errorCode === undefined ? {} : { errorCode }),
    by: { type, account, arn: type === "AssumedRole" ? (sessionContext?.sessionIssuer?.arn ?? "") : arn },
  };
}

async function trustOf(iam: AwsClients["iam"], name: string, { userIdentity }: Event): Promise<PolicyDocument> {
  const issuer = userIdentity.sessionContext?.sessionIssuer;
  if (!issuer) throw new NotTold(`${name} was made by a session, and its role is not told`);
  const { arn, principalId, userName: RoleName } = issuer;
  const held = await absent(["NoSuchEntityException"], () => iam.send(new GetRoleCommand({ RoleName })));
  const { RoleId, AssumeRolePolicyDocument } = held?.Role ?? {};
  if (RoleId !== principalId || AssumeRolePolicyDocument === undefined)
    throw new NotTold(`${name} was made by a session of ${arn}, which is no more: whom it trusted is not told`);
  return parsePolicy(AssumeRolePolicyDocument);
}
