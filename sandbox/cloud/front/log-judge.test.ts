import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allows, logCallOf } from "./log-judge.ts";
import { Sessions } from "./sessions.ts";

const place = { region: "us-east-2", account: "222222222222" };
const group = "arn:aws:logs:us-east-2:222222222222:log-group:/biplane/acme/main";
const statement = (Action: string[], Resource: string[], more: object = {}) => ({
  ...{ Effect: "Allow", Action, Resource },
  ...more,
});
const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
const shipper = policy(statement(["logs:CreateLogStream", "logs:PutLogEvents"], [group, `${group}:*`]));
const call = (operation: string, fields: object) =>
  logCallOf(`Logs_20140328.${operation}`, Buffer.from(JSON.stringify(fields)), place);
const may = (documents: string[], operation: string, fields: object, userId?: string) => {
  const asked = call(operation, fields);
  return asked !== undefined && allows(documents, asked, userId === undefined ? {} : { userId });
};
const own = { logGroupName: "/biplane/acme/main", logStreamName: "a_b_c/main/0.log" };

describe("a role's policies for a call of CloudWatch Logs", () => {
  test("allow what they name, on the group that they name", () => {
    expect(may([shipper], "PutLogEvents", own)).toBe(true);
    expect(may([shipper], "CreateLogStream", own)).toBe(true);
    expect(may([shipper], "PutLogEvents", { ...own, logGroupName: "/biplane/acme/main2" })).toBe(false);
    expect(may([shipper], "GetLogEvents", own)).toBe(false);
    expect(may([shipper], "DescribeLogGroups", {})).toBe(false);
    expect(may([], "PutLogEvents", own)).toBe(false);
  });

  test("know wildcards of both kinds, and no part of a name by chance", () => {
    const wide = policy(statement(["logs:Get*"], ["arn:aws:logs:*:222222222222:log-group:/biplane/?cme/*"]));
    expect(may([wide], "GetLogEvents", own)).toBe(true);
    expect(may([wide], "GetLogEvents", { ...own, logGroupName: "/other/acme/main" })).toBe(false);
    const dotted = policy(statement(["logs:GetLogEvents"], [`${group.replace("/main", ".main")}:*`]));
    expect(may([dotted], "GetLogEvents", own)).toBe(false);
  });

  test("deny before they allow, and allow nothing under a condition that is not judged", () => {
    const all = statement(["logs:*"], ["*"]);
    expect(may([policy(all, statement(["logs:PutLogEvents"], ["*"], { Effect: "Deny" }))], "PutLogEvents", own)).toBe(
      false,
    );
    expect(may([policy(all, { Effect: "Deny", NotAction: "s3:*", Resource: "*" })], "PutLogEvents", own)).toBe(false);
    expect(may([policy(statement(["logs:*"], ["*"], { Condition: {} }))], "PutLogEvents", own)).toBe(false);
  });

  describe("under a condition on who calls", () => {
    const under = (Condition: object) => [policy(statement(["logs:GetLogEvents"], [`${group}:*`], { Condition }))];
    const ofReader = under({ StringLike: { "aws:userid": ["*:log-provider"] } });

    test("allow the session of that name and no other, nor one of which nothing is known", () => {
      expect(may(ofReader, "GetLogEvents", own, "AROA1:log-provider")).toBe(true);
      for (const other of [
        "AROA1:executor",
        "AROA1:log-provider-2",
        "AROA1:my-log-provider",
        "log-provider",
        undefined,
      ])
        expect(may(ofReader, "GetLogEvents", own, other), other).toBe(false);
      expect(may(under({ StringEquals: { "AWS:UserId": "AROA1:x" } }), "GetLogEvents", own, "AROA1:x")).toBe(true);
      expect(may(under({ StringEquals: { "aws:userid": "*:x" } }), "GetLogEvents", own, "AROA1:x")).toBe(false);
    });

    test.each([
      { StringNotLike: { "aws:userid": "*:y" } },
      { StringLikeIfExists: { "aws:userid": "*:x" } },
      { StringLike: { "aws:userid": "*:x", "aws:username": "*" } },
      { StringLike: { "aws:userid": "*:x" }, Bool: { "aws:SecureTransport": "true" } },
      { StringLike: { "aws:userid": "\u0024{aws:userid}" } },
      { StringLike: { "aws:username": "*:x" } },
      {},
    ])("allow nothing where it is more, or other, than can be judged: %j", (condition) => {
      expect(may(under(condition), "GetLogEvents", own, "AROA1:x")).toBe(false);
    });

    test("deny whoever calls: a denial is not made smaller", () => {
      const all = statement(["logs:*"], ["*"]);
      const Condition = { StringLike: { "aws:userid": "*:y" } };
      const deny = statement(["logs:GetLogEvents"], ["*"], { Effect: "Deny", Condition });
      expect(may([policy(all, deny)], "GetLogEvents", own, "AROA1:x")).toBe(false);
    });
  });

  test.each([
    ["DeleteLogGroup", own],
    ["GetLogEvents", { ...own, logGroupIdentifier: group }],
    ["GetLogEvents", { logGroupName: own.logGroupName }],
    ["CreateLogStream", { logGroupName: 1 }],
  ])("are not asked about %s of %j, which is refused", (operation, fields) => {
    expect(call(operation, fields)).toBeUndefined();
  });

  test("are not asked about what is no JSON", () => {
    expect(logCallOf("Logs_20140328.PutLogEvents", Buffer.from("{"), place)).toBeUndefined();
  });
});

describe("sessions", () => {
  const answer = (id: string, expires: string, account = place.account) =>
    `<Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s/+=</SecretAccessKey><SessionToken>t</SessionToken>` +
    `<Expiration>${expires}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>AROA1:union-logs.p</AssumedRoleId>` +
    `<Arn>arn:aws:sts::${account}:assumed-role/biplane-main-log-shipper/union-logs.p</Arn></AssumedRoleUser>`;

  const inFolder = (use: (file: string) => void) => {
    const folder = mkdtempSync(join(tmpdir(), "biplane-sessions-"));
    try {
      use(join(folder, "sessions.json"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test("are known by their key until they end, by the next front too, in a file that only its owner reads", () => {
    inFolder((file) => {
      const sessions = new Sessions(file, place.account);
      sessions.remember(answer("ASIA1", "2026-11-22T17:00:00Z"), 0);
      sessions.remember("<ErrorResponse/>", 0);
      const before = Date.parse("2026-11-22T16:59:59Z");
      const next = new Sessions(file, place.account);
      expect(next.find("ASIA1", before)).toMatchObject({
        ...{ role: "biplane-main-log-shipper", secretAccessKey: "s/+=", userId: "AROA1:union-logs.p" },
      });
      expect([next.find("ASIA1", before + 1_000), next.find("ASIA2", before)]).toEqual([undefined, undefined]);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      next.remember(answer("ASIA2", "2026-11-22T18:00:00Z"), before + 1_000);
      expect(new Sessions(file, place.account).find("ASIA1", before)).toBeUndefined();
    });
  });

  test("of another account's role are not kept, though it has the name of one that may", () => {
    inFolder((file) => {
      const sessions = new Sessions(file, place.account);
      sessions.remember(answer("ASIA1", "2026-11-22T17:00:00Z", "111111111111"), 0);
      const named = `<SubjectFromWebIdentityToken>::${place.account}:assumed-role/</SubjectFromWebIdentityToken>`;
      sessions.remember(answer("ASIA2", "2026-11-22T17:00:00Z", "111111111111") + named, 0);
      expect([sessions.find("ASIA1", 0), sessions.find("ASIA2", 0)]).toEqual([undefined, undefined]);
      sessions.remember(answer("ASIA2", "2026-11-22T17:00:00Z"), 0);
      expect(sessions.find("ASIA2", 0)).toBeDefined();
    });
  });
});
