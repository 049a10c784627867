/** CloudTrail's LookupEvents over what was recorded, as AWS answers it: ninety days, the newest first, fifty at a time. */
import { createHash } from "node:crypto";
import { type KeptCall, KeptRefusal, type Operation, target } from "../keeper/operation.ts";
import type { Fields, Json } from "../keeper/store.ts";
import type { TrailEvent } from "./event.ts";
import type { Trail } from "./trail.ts";

const historyMs = 90 * 24 * 60 * 60 * 1000;
const pageMost = 50;

/** By the name that LookupAttributes has for it. */
const attributes: Record<string, (event: TrailEvent) => string[]> = {
  AccessKeyId: ({ userIdentity }) => [userIdentity.accessKeyId],
  EventId: ({ eventID }) => [eventID],
  EventName: ({ eventName }) => [eventName],
  EventSource: ({ eventSource }) => [eventSource],
  ReadOnly: ({ readOnly }) => [String(readOnly)],
  ResourceName: (event) => resourcesOf(event).map(({ ResourceName }) => ResourceName),
  ResourceType: (event) => resourcesOf(event).map(({ ResourceType }) => ResourceType),
  Username: (event) => [usernameOf(event)],
};

export function lookupEvents(trail: Trail, now = Date.now): Operation {
  return target("cloudtrail", "LookupEvents", async (call) => answerTo(call, trail, now()));
}

function answerTo({ account, region, input }: KeptCall, trail: Trail, now: number): Fields {
  const matches = filterOf(input, now);
  const size = pageSizeOf(input.MaxResults);
  // Nothing but calls is recorded.
  const found = input.EventCategory === "insight" ? [] : trail.events(account, region).filter(matches);
  const from = startOf(input, found);
  const page = found.slice(from, from + size);
  const last = page.at(-1);
  const more = last !== undefined && from + size < found.length;
  return { Events: page.map(entryOf), ...(more ? { NextToken: tokenOf(last.eventID, input) } : {}) };
}

function filterOf(input: Fields, now: number): (event: TrailEvent) => boolean {
  const start = secondsOf(input.StartTime, "StartTime") ?? 0;
  const end = secondsOf(input.EndTime, "EndTime") ?? Number.POSITIVE_INFINITY;
  if (start > end) throw new KeptRefusal(400, "InvalidTimeRangeException", "StartTime is after EndTime.");
  const { of, value } = attributeIn(input.LookupAttributes);
  return (event) => {
    const at = Date.parse(event.eventTime);
    const inTime = at >= now - historyMs && at >= start * 1000 && at <= end * 1000;
    return inTime && (of === undefined || of(event).includes(value));
  };
}

function attributeIn(given: Json | undefined): { of?: (event: TrailEvent) => string[]; value: string } {
  if (given === undefined || given === null || (Array.isArray(given) && given.length === 0)) return { value: "" };
  const [one, ...others] = Array.isArray(given) ? given : [given];
  const { AttributeKey: key, AttributeValue: value } = typeof one === "object" && one !== null ? (one as Fields) : {};
  const of = typeof key === "string" && Object.hasOwn(attributes, key) ? attributes[key] : undefined;
  if (others.length > 0 || of === undefined || typeof value !== "string") {
    const message = `One attribute is looked up, of ${Object.keys(attributes).join(", ")}, by its value.`;
    throw new KeptRefusal(400, "InvalidLookupAttributesException", message);
  }
  return { of, value };
}

function secondsOf(value: Json | undefined, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return value;
  throw new KeptRefusal(400, "InvalidTimeRangeException", `${name} is not a time in seconds since 1970.`);
}

function pageSizeOf(value: Json | undefined): number {
  if (value === undefined || value === null) return pageMost;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= pageMost) return value;
  throw new KeptRefusal(400, "InvalidMaxResultsException", `MaxResults is from 1 to ${pageMost}.`);
}

/** After an event, and not a count: newer ones may have come since the page before. */
function startOf(input: Fields, found: readonly TrailEvent[]): number {
  const token = input.NextToken;
  if (token === undefined || token === null) return 0;
  const at = found.findIndex(({ eventID }) => token === tokenOf(eventID, input));
  if (at >= 0) return at + 1;
  throw new KeptRefusal(400, "InvalidNextTokenException", "The token is of no page that was asked for in this way.");
}

/** Good for the same question only, as in AWS. */
function tokenOf(eventID: string, { LookupAttributes = null, StartTime = null, EndTime = null }: Fields): string {
  const asked = JSON.stringify([eventID, LookupAttributes, StartTime, EndTime]);
  return createHash("sha256").update(asked).digest("base64");
}

function entryOf(event: TrailEvent): Fields {
  return {
    EventId: event.eventID,
    EventName: event.eventName,
    ReadOnly: String(event.readOnly),
    AccessKeyId: event.userIdentity.accessKeyId,
    EventTime: Date.parse(event.eventTime) / 1000,
    EventSource: event.eventSource,
    Username: usernameOf(event),
    Resources: resourcesOf(event),
    CloudTrailEvent: JSON.stringify(event),
  };
}

/** Of a session, its name. */
const usernameOf = ({ userIdentity }: TrailEvent) => userIdentity.arn.split("/").at(-1) ?? "";

const resourceTypes: Record<string, string> = {
  instanceProfileName: "AWS::IAM::InstanceProfile",
  policyArn: "AWS::IAM::Policy",
  roleName: "AWS::IAM::Role",
  userName: "AWS::IAM::User",
};

function resourcesOf({ requestParameters, responseElements }: TrailEvent) {
  const named = Object.entries(resourceTypes).flatMap(([parameter, ResourceType]) => {
    const ResourceName = requestParameters[parameter];
    return typeof ResourceName === "string" ? [{ ResourceType, ResourceName }] : [];
  });
  const made = (responseElements?.role ?? {}) as Fields;
  const role = [made.roleId, made.arn].flatMap((ResourceName) =>
    typeof ResourceName === "string" ? [{ ResourceType: "AWS::IAM::Role", ResourceName }] : [],
  );
  return [...named, ...role];
}
