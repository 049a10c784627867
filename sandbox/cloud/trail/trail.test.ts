import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { eventOf, globalRegion, type Recorded } from "./event.ts";
import { Trail } from "./trail.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-trail-"));
afterAll(() => rmSync(folder, { recursive: true }));

const account = "222222222222";
const identity = { arn: `arn:aws:sts::${account}:assumed-role/operator/biplane`, principalId: "AROAOPERATOR:biplane" };
const made = `<CreateRoleResponse><CreateRoleResult><Role><Path>/</Path><Arn>arn:aws:iam::${account}:role/user</Arn>
<RoleName>user</RoleName><CreateDate>2026-01-02T03:04:05Z</CreateDate><RoleId>AROAUSER</RoleId></Role></CreateRoleResult>
</CreateRoleResponse>`;

function call(
  form: string,
  more: Partial<{ status: number; body: string; service: string; of: string }> = {},
): Recorded {
  const { status = 200, body = made, service = "iam", of = account } = more;
  return {
    account: of,
    caller: { service, accessKeyId: "AKIACUSTOMER" },
    identity,
    message: { method: "POST", target: "/", headers: { "user-agent": "pulumi" }, body: Buffer.from(form) },
    answer: { status, headers: { "x-amzn-requestid": "r1" }, body: Buffer.from(body) },
    sourceAddress: "198.18.0.1",
  };
}

const at = new Date("2026-01-02T03:04:05.678Z");
const event = (...args: Parameters<typeof call>) => eventOf(call(...args), "e1", at);

describe("a recorded call", () => {
  it("tells who made which role, as CloudTrail words it", () => {
    const form = "Action=CreateRole&Version=2010-05-08&RoleName=user&Tags.member.1.Key=a&Tags.member.1.Value=b";
    expect(event(`${form}&Tags.member.2.Key=c`)).toEqual({
      eventVersion: "1.08",
      userIdentity: {
        type: "AssumedRole",
        principalId: "AROAOPERATOR:biplane",
        arn: identity.arn,
        accountId: account,
        accessKeyId: "AKIACUSTOMER",
        sessionContext: {
          sessionIssuer: {
            type: "Role",
            principalId: "AROAOPERATOR",
            arn: `arn:aws:iam::${account}:role/operator`,
            accountId: account,
            userName: "operator",
          },
        },
      },
      eventTime: "2026-01-02T03:04:05Z",
      eventSource: "iam.amazonaws.com",
      eventName: "CreateRole",
      awsRegion: globalRegion,
      sourceIPAddress: "198.18.0.1",
      userAgent: "pulumi",
      requestParameters: { roleName: "user", tags: [{ key: "a", value: "b" }, { key: "c" }] },
      responseElements: {
        role: {
          path: "/",
          roleName: "user",
          roleId: "AROAUSER",
          arn: `arn:aws:iam::${account}:role/user`,
          createDate: "2026-01-02T03:04:05Z",
        },
      },
      requestID: "r1",
      eventID: "e1",
      readOnly: false,
      eventType: "AwsApiCall",
      managementEvent: true,
      recipientAccountId: account,
      eventCategory: "Management",
    });
  });

  it("tells lists of any order and numbering, and what is neither a list nor plain", () => {
    const form =
      "Tags.member.7.Value=g&Tags.member.2.Key=b&Tags.member.7.Key=f&Names.member.1=x&Names.member.2=y&A.B=1";
    expect(event(`Action=TagRole&${form}`)?.requestParameters).toEqual({
      tags: [{ value: "g", key: "f" }, { key: "b" }],
      names: ["x", "y"],
      a: { b: "1" },
    });
  });

  it("tells that it failed, and made nothing", () => {
    const body =
      "<ErrorResponse><Error><Code>EntityAlreadyExists</Code><Message>there</Message></Error></ErrorResponse>";
    expect(event("Action=CreateRole&RoleName=user", { status: 409, body })).toMatchObject({
      errorCode: "EntityAlreadyExists",
      errorMessage: "there",
      responseElements: null,
    });
    expect(event("Action=CreateRole", { status: 502, body: made })).toMatchObject({
      errorCode: "502",
      responseElements: null,
    });
  });

  it("holds no secret, and nothing that is as long as a body", () => {
    const secrets = "Password=p1&NewPassword=p2&OldPassword=p3&PrivateKey=p4&AuthenticationCode1=p5";
    const text = JSON.stringify(event(`Action=UpdateLoginProfile&UserName=u&${secrets}`));
    expect(text).toContain('"userName":"u"');
    expect(text).not.toMatch(/"p[1-5]"/);
    const long = event(`Action=UploadServerCertificate&CertificateBody=${"x".repeat(40_000)}`);
    expect(long?.requestParameters).toEqual({ omitted: true });
  });

  it.each(["GetRole", "ListRoles", "SimulatePrincipalPolicy", "GenerateCredentialReport"])("is none of %s", (name) => {
    expect(event(`Action=${name}&RoleName=user`)).toBeUndefined();
  });

  it.each(["UpdateAssumeRolePolicy", "PutRolePolicy", "AttachRolePolicy", "DeleteRole", "TagRole"])(
    "is there of %s",
    (name) => {
      expect(event(`Action=${name}&RoleName=user`, { body: "" })).toMatchObject({
        eventName: name,
        responseElements: null,
      });
    },
  );

  it("is none of another service's, whose parameters may be secrets, nor of a call without a name", () => {
    expect(event("Action=CreateDBInstance&MasterUserPassword=p", { service: "rds" })).toBeUndefined();
    expect(event("")).toBeUndefined();
  });
});

describe("a trail", () => {
  const namesOf = (trail: Trail, of = account) => trail.events(of, globalRegion).map(({ eventName }) => eventName);

  it("is told the newest first, by account, and outlives the front in a file that only its owner reads", () => {
    const file = join(folder, "state", "trail.jsonl");
    const trail = new Trail(file);
    trail.record(call("Action=CreateRole"), at);
    trail.record(call("Action=DeleteRole"), at);
    trail.record(call("Action=CreateUser", { of: "111111111111" }), at);
    trail.record(call("Action=GetRole"), at);
    for (const one of [trail, new Trail(file)]) {
      expect(namesOf(one)).toEqual(["DeleteRole", "CreateRole"]);
      expect(namesOf(one, "111111111111")).toEqual(["CreateUser"]);
      expect(one.events(account, "us-east-2")).toEqual([]);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("keeps so many of each account, in memory and in its file", () => {
    const file = join(folder, "bounded.jsonl");
    const trail = new Trail(file, 3);
    trail.record(call("Action=CreateUser", { of: "111111111111" }), at);
    for (let n = 1; n <= 20; n++) trail.record(call(`Action=Put${n}`), at);
    expect(namesOf(trail)).toEqual(["Put20", "Put19", "Put18"]);
    expect(namesOf(trail, "111111111111")).toEqual(["CreateUser"]);
    expect(readFileSync(file, "utf8").split("\n").length).toBeLessThan(10);
    expect(namesOf(new Trail(file, 3))).toEqual(["Put20", "Put19", "Put18"]);
  });

  it("leaves out the line that a killed front has not finished, and goes on after it", () => {
    const file = join(folder, "torn.jsonl");
    new Trail(file).record(call("Action=CreateRole"), at);
    appendFileSync(file, '{"eventName":"Del');
    new Trail(file).record(call("Action=TagRole"), at);
    expect(namesOf(new Trail(file))).toEqual(["TagRole", "CreateRole"]);
  });
});
