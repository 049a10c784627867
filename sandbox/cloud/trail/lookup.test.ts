import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type KeptCall, KeptRefusal } from "../keeper/operation.ts";
import type { Fields } from "../keeper/store.ts";
import { globalRegion } from "./event.ts";
import { lookupEvents } from "./lookup.ts";
import { Trail } from "./trail.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-lookup-"));
afterAll(() => rmSync(folder, { recursive: true }));

const account = "222222222222";
const now = Date.parse("2026-06-01T00:00:00Z");
const day = 24 * 3600 * 1000;
const trail = new Trail(join(folder, "trail.jsonl"));
const record = (form: string, daysAgo: number, into = trail) =>
  into.record(
    {
      account,
      caller: { service: "iam", accessKeyId: "AKIACUSTOMER" },
      identity: { arn: `arn:aws:sts::${account}:assumed-role/operator/biplane`, principalId: "AROA:biplane" },
      message: { method: "POST", target: "/", headers: {}, body: Buffer.from(form) },
      answer: { status: 200, headers: {}, body: Buffer.from("") },
    },
    new Date(now - daysAgo * day),
  );
record("Action=CreateRole&RoleName=old", 91);
record("Action=CreateRole&RoleName=admin", 89);
record("Action=PutRolePolicy&RoleName=admin&PolicyName=p", 2);
record("Action=CreateRole&RoleName=user", 1);

async function ask(input: Fields, { of = account, region = globalRegion, on = trail } = {}) {
  const call = { account: of, region, input } as Partial<KeptCall> as KeptCall;
  const answer = await lookupEvents(on, () => now).handler(call);
  const { Events, NextToken } = answer as { Events: Record<string, unknown>[]; NextToken?: string };
  return { events: Events, names: Events.map(({ EventName }) => EventName), token: NextToken };
}
const by = (AttributeKey: string, AttributeValue: string) => ({ LookupAttributes: [{ AttributeKey, AttributeValue }] });

describe("LookupEvents", () => {
  it("answers ninety days, the newest first, each with the whole event", async () => {
    const { events, names, token } = await ask({});
    expect(names).toEqual(["CreateRole", "PutRolePolicy", "CreateRole"]);
    expect(token).toBeUndefined();
    const { CloudTrailEvent, EventId, ...rest } = events[0] ?? {};
    expect(rest).toEqual({
      ...{ EventName: "CreateRole", EventSource: "iam.amazonaws.com", ReadOnly: "false", Username: "biplane" },
      ...{ AccessKeyId: "AKIACUSTOMER", EventTime: (now - day) / 1000 },
      Resources: [{ ResourceType: "AWS::IAM::Role", ResourceName: "user" }],
    });
    expect(JSON.parse(String(CloudTrailEvent))).toMatchObject({
      eventID: EventId,
      requestParameters: { roleName: "user" },
    });
  });

  it("answers of the account that asks, where AWS records what is global", async () => {
    expect((await ask({}, { of: "111111111111" })).events).toEqual([]);
    expect((await ask({}, { region: "us-east-2" })).events).toEqual([]);
    expect((await ask({ EventCategory: "insight" })).events).toEqual([]);
  });

  it.each([
    ["EventName", "CreateRole", 2],
    ["ResourceName", "admin", 2],
    ["ResourceType", "AWS::IAM::Role", 3],
    ["Username", "biplane", 3],
    ["EventSource", "iam.amazonaws.com", 3],
    ["AccessKeyId", "AKIACUSTOMER", 3],
    ["ReadOnly", "true", 0],
    ["ReadOnly", "false", 3],
  ])("finds by %s %s", async (key, value, count) => {
    expect((await ask(by(key, value))).events).toHaveLength(count);
  });

  it("finds by time, to the second", async () => {
    const [from, to] = [now / 1000 - 2 * 86_400, now / 1000 - 86_400];
    expect((await ask({ StartTime: from, EndTime: to })).names).toEqual(["CreateRole", "PutRolePolicy"]);
    expect((await ask({ StartTime: from + 1, EndTime: to - 1 })).names).toEqual([]);
    expect((await ask({ ...by("EventName", "CreateRole"), StartTime: from })).names).toEqual(["CreateRole"]);
  });

  it("goes on where the page before ended, though there are newer events since", async () => {
    const own = new Trail(join(folder, "paged.jsonl"));
    for (const name of ["a", "b", "c"]) record(`Action=CreateRole&RoleName=${name}`, 1, own);
    const roles = ({ events }: { events: Record<string, unknown>[] }) =>
      events.map(({ CloudTrailEvent }) => JSON.parse(String(CloudTrailEvent)).requestParameters.roleName);
    const first = await ask({ MaxResults: 2 }, { on: own });
    expect(roles(first)).toEqual(["c", "b"]);
    record("Action=CreateRole&RoleName=d", 0, own);
    const second = await ask({ MaxResults: 2, NextToken: first.token }, { on: own });
    expect(roles(second)).toEqual(["a"]);
    expect(second.token).toBeUndefined();
  });

  it("answers fifty at once and no more", async () => {
    const own = new Trail(join(folder, "many.jsonl"));
    for (let n = 0; n < 51; n++) record("Action=TagRole&RoleName=a", 1, own);
    const first = await ask({}, { on: own });
    expect(first.events).toHaveLength(50);
    expect((await ask({ NextToken: first.token }, { on: own })).events).toHaveLength(1);
  });

  it.each<[string, Fields]>([
    ["InvalidMaxResultsException", { MaxResults: 51 }],
    ["InvalidMaxResultsException", { MaxResults: 0 }],
    ["InvalidLookupAttributesException", by("RoleName", "admin")],
    ["InvalidLookupAttributesException", by("constructor", "admin")],
    [
      "InvalidLookupAttributesException",
      { LookupAttributes: ["EventName", "Username"].map((key) => ({ AttributeKey: key, AttributeValue: "a" })) },
    ],
    ["InvalidTimeRangeException", { StartTime: 2, EndTime: 1 }],
    ["InvalidTimeRangeException", { StartTime: "yesterday" }],
    ["InvalidNextTokenException", { NextToken: "guessed" }],
  ])("refuses with %s: %j", async (code, input) => {
    const refusal = await ask(input).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(KeptRefusal);
    expect(refusal).toMatchObject({ code, status: 400 });
  });

  it("takes a token for the question alone that it was an answer to", async () => {
    const { token } = await ask({ MaxResults: 1 });
    await expect(ask({ ...by("EventName", "CreateRole"), NextToken: token })).rejects.toMatchObject({
      code: "InvalidNextTokenException",
    });
  });
});
