import { CloudTrailClient, type LookupEventsCommandInput } from "@aws-sdk/client-cloudtrail";
import type { GetRoleCommandInput, IAMClient, Role } from "@aws-sdk/client-iam";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../reason/iam-policy.ts";
import { attempt } from "./attempt.ts";
import { readRoleCreations } from "./role-creations.ts";

const account = "222222222222";
const arnOf = (name: string) => `arn:aws:iam::${account}:role/${name}`;
const now = Date.parse("2026-06-01T00:00:00Z");
const daysAgo = (days: number) => new Date(now - days * 24 * 3600 * 1000);
const trust = JSON.stringify({
  Statement: [{ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" }],
});

type Found = Partial<Role> & { RoleName: string };
const roles = (): Found[] => [
  { RoleName: "admin", RoleId: "AROAADMIN", CreateDate: daysAgo(1) },
  { RoleName: "user", RoleId: "AROAUSER", CreateDate: daysAgo(2) },
  { RoleName: "deployer", RoleId: "AROADEPLOYER", CreateDate: daysAgo(300), AssumeRolePolicyDocument: trust },
];

interface EventOf {
  name: string;
  roleId?: string | undefined;
  errorCode?: string;
  source?: string;
  identity?: object;
}

const session = {
  ...{ type: "AssumedRole", accountId: account, arn: `arn:aws:sts::${account}:assumed-role/deployer/ann@acme.test` },
  sessionContext: {
    sessionIssuer: { type: "Role", arn: arnOf("deployer"), principalId: "AROADEPLOYER", userName: "deployer" },
  },
};

function event({ name, roleId, errorCode, source = "iam.amazonaws.com", identity = session }: EventOf) {
  const event = {
    ...{ eventID: `e-${roleId ?? errorCode}`, eventTime: "2026-05-31T00:00:00Z", eventSource: source },
    ...{ eventName: "CreateRole", userIdentity: identity, requestParameters: { roleName: name } },
    ...(errorCode ? { errorCode, responseElements: null } : { responseElements: { role: { roleId } } }),
  };
  return { CloudTrailEvent: JSON.stringify(event) };
}

const good = () => [event({ name: "admin", roleId: "AROAADMIN" }), event({ name: "user", roleId: "AROAUSER" })];

/** @param pages of events; a page that is an error is one that cannot be read */
function read(pages: (object[] | Error)[] = [good()], held: Found[] = roles(), names = ["admin", "user"]) {
  const asked: LookupEventsCommandInput[] = [];
  const send = (answer: (input: never) => object) => ({
    send: async ({ input }: { input: never }) => answer(input),
  });
  const iam = send(({ RoleName }: GetRoleCommandInput) => {
    const found = held.find((role) => role.RoleName === RoleName);
    if (!found) throw Object.assign(new Error(`no ${RoleName}`), { name: "NoSuchEntityException" });
    return { Role: { Arn: arnOf(found.RoleName), ...found } };
  }) as unknown as IAMClient;
  const trails = Object.assign(
    // The paginator takes no other.
    new CloudTrailClient({ region: "us-east-1" }),
    send((input: LookupEventsCommandInput) => {
      asked.push(input);
      const at = Number(input.NextToken ?? 0);
      const page = pages[at];
      if (page instanceof Error) throw page;
      return { Events: page, ...(at + 1 < pages.length ? { NextToken: String(at + 1) } : {}) };
    }),
  );
  return { asked, told: attempt("lookup-events", () => readRoleCreations({ iam, trails }, names, now)) };
}

const reasonOf = async (...args: Parameters<typeof read>) => {
  const fact = await read(...args).told;
  return fact.read ? "read" : fact.reason;
};

describe("who made a role", () => {
  it("is told by the call that made the role that is there now, and by whom the caller's role trusts", async () => {
    const { told, asked } = read([
      [event({ name: "other", roleId: "AROAOTHER" }), event({ name: "admin", errorCode: "AccessDenied" })],
      [event({ name: "admin", roleId: "AROAEARLIER" }), ...good()],
    ]);
    const fact = await told;
    const by = { type: "AssumedRole", account, arn: arnOf("deployer") };
    const at = "2026-05-31T00:00:00Z";
    expect(fact.read && fact.value[0]).toEqual({
      ...{ name: "admin", arn: arnOf("admin"), id: "AROAADMIN", madeAt: daysAgo(1).toISOString() },
      calls: [
        { eventId: "e-AccessDenied", at, errorCode: "AccessDenied", by },
        { eventId: "e-AROAEARLIER", at, roleId: "AROAEARLIER", by },
        { eventId: "e-AROAADMIN", at, roleId: "AROAADMIN", by: { ...by, trust: parsePolicy(trust) } },
      ],
    });
    expect(fact.read && fact.value.map(({ name }) => name)).toEqual(["admin", "user"]);
    // What a session is called may name a person.
    expect(JSON.stringify(fact)).not.toContain("ann@");
    expect(asked).toHaveLength(4);
    expect(asked[0]).toMatchObject({
      LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "CreateRole" }],
      StartTime: new Date(daysAgo(1).getTime() - 300_000),
      EndTime: new Date(daysAgo(1).getTime() + 300_000),
      MaxResults: 50,
    });
  });

  it("is told of a user and of the account's root too, who have no role", async () => {
    const user = { type: "IAMUser", accountId: account, arn: `arn:aws:iam::${account}:user/ann` };
    const fact = await read([[event({ name: "admin", roleId: "AROAADMIN", identity: user })]], roles(), ["admin"]).told;
    expect(fact.read && fact.value[0]?.calls[0]?.by).toEqual({ type: "IAMUser", account, arn: user.arn });
  });

  it("is not told when the role is older than the history, without a question to it", async () => {
    const old = roles().map((role) => (role.RoleName === "admin" ? { ...role, CreateDate: daysAgo(91) } : role));
    const { told, asked } = read([good()], old);
    expect(await told).toMatchObject({ read: false, reason: expect.stringContaining("event history keeps 90 days") });
    expect(asked).toEqual([]);
  });

  it.each<[string, object[]]>([
    ["there is no event", []],
    ["there is one of another role", [event({ name: "other", roleId: "AROAADMIN" })]],
    ["there is one of an earlier role of that name", [event({ name: "admin", roleId: "AROAEARLIER" })]],
    ["the call failed", [event({ name: "admin", errorCode: "EntityAlreadyExists" })]],
    [
      "another service has a call of that name",
      [event({ name: "admin", roleId: "AROAADMIN", source: "x.amazonaws.com" })],
    ],
  ])("is not told when %s", async (_, events) => {
    expect(await reasonOf([events])).toMatch(/^NotTold: no call that made admin \(AROAADMIN\) at 2026-05-31/);
  });

  it.each<[string, Found[]]>([
    ["has gone", roles().slice(0, 2)],
    [
      "is another one by now",
      roles().map((role) => (role.RoleName === "deployer" ? { ...role, RoleId: "AROANEW" } : role)),
    ],
  ])("is not told when the caller's role %s: whom it trusted, nobody knows", async (_, held) => {
    expect(await reasonOf([good()], held)).toContain("which is no more: whom it trusted is not told");
  });

  it("is not told when the event does not say which role a session was of", async () => {
    const { sessionContext: _, ...bare } = session;
    const reason = await reasonOf([[event({ name: "admin", roleId: "AROAADMIN", identity: bare })]]);
    expect(reason).toContain("its role is not told");
  });

  it("is not told when a role is missing, a page cannot be read, or an event is none", async () => {
    expect(await reasonOf([good()], roles().slice(1))).toContain("NoSuchEntityException");
    expect(await reasonOf([good(), new Error("ThrottlingException")])).toContain("ThrottlingException");
    expect(await reasonOf([[{ CloudTrailEvent: "{" }]])).toContain("SyntaxError");
    expect(await reasonOf([[{}]])).toContain("ZodError");
  });
});
