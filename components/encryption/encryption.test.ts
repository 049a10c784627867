import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { adoptKey, checkKeyArn, EncryptionKey } from "./aws.ts";
import { type KeyStatement, renderKeyPolicy } from "./key-policy.ts";
import { logGroupsOf, publishersOf, rolesThroughService, trailOf } from "./key-statements.ts";

const account = "111111111111";
const region = "us-east-2";

describe("renderKeyPolicy", () => {
  it("lets the account run the key but not decrypt with it", () => {
    const [administers] = renderKeyPolicy({ account }).Statement;
    expect(administers?.Principal).toEqual({ AWS: `arn:aws:iam::${account}:root` });
    expect(administers?.Action).not.toContain("kms:Decrypt");
    expect(administers?.Action).toContain("kms:PutKeyPolicy");
  });

  it("opens the key to nobody where neither services nor roles are named", () => {
    const principals = renderKeyPolicy({ account }).Statement.map(({ Principal }) => Principal);
    expect(principals).toEqual([1, 2].map(() => ({ AWS: `arn:aws:iam::${account}:root` })));
  });

  it("binds use through services to this account and these services", () => {
    const statement = renderKeyPolicy({ account, viaServices: ["rds.us-east-2.amazonaws.com"] }).Statement.at(-1);
    expect(statement).toMatchObject({
      Principal: { AWS: "*" },
      Condition: { StringEquals: { "kms:CallerAccount": account, "kms:ViaService": ["rds.us-east-2.amazonaws.com"] } },
    });
  });

  it("has no action with a wildcard", () => {
    const policy = renderKeyPolicy({ account, viaServices: ["s"], roles: ["r"] });
    expect(policy.Statement.flatMap(({ Action }) => Action).filter((action) => action.includes("*"))).toEqual([]);
  });
});

describe("narrower ways into a key", () => {
  const statements: KeyStatement[] = [
    rolesThroughService({
      account,
      roles: ["arn:aws:iam::111111111111:role/user"],
      service: "s3.us-east-2.amazonaws.com",
    }),
    logGroupsOf(account, region, ["/biplane/acme"]),
    ...trailOf(account, region, "acme"),
    ...publishersOf(account, ["events.amazonaws.com"]),
  ];

  it("are bound to this account by a condition, each of them", () => {
    for (const { Sid, Condition } of statements) expect(JSON.stringify(Condition), Sid).toContain(account);
  });

  it("never give a grant, a wildcard action or the key's administration away", () => {
    const actions = new Set(statements.flatMap(({ Action }) => Action));
    expect([...actions].filter((action) => /\*|Grant|PutKeyPolicy|Delet|Disable/.test(action))).toEqual([]);
  });

  it("let the named roles in only through the service, to read and write", () => {
    expect(statements[0]).toEqual({
      Sid: "RolesThroughService",
      Effect: "Allow",
      Principal: { AWS: ["arn:aws:iam::111111111111:role/user"] },
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Resource: "*",
      Condition: { StringEquals: { "kms:CallerAccount": account, "kms:ViaService": "s3.us-east-2.amazonaws.com" } },
    });
  });

  it("let a trail write what it cannot read", () => {
    const trail = trailOf(account, region, "acme").flatMap(({ Action }) => Action);
    expect(trail).toEqual(["kms:GenerateDataKey", "kms:DescribeKey"]);
  });

  it("stand in the policy beside the account's administration", () => {
    const policy = renderKeyPolicy({ account, statements });
    expect(policy.Statement.slice(2)).toEqual(statements);
    expect(new Set(policy.Statement.map(({ Sid }) => Sid)).size).toBe(policy.Statement.length);
  });
});

describe("an adopted key", () => {
  const arn = "arn:aws:kms:us-east-2:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";

  it("is used by its ARN", async () => {
    const taken = adoptKey(arn, { region, subject: "biplane:dataKey" });
    expect(await new Promise((resolve) => taken.arn.apply(resolve))).toBe(arn);
  });

  it.each([
    ["of another region", arn.replace("us-east-2", "eu-west-1"), /its own region/],
    ["by its alias", "arn:aws:kms:us-east-2:111111111111:alias/ours", /name its key/],
    ["by its id", "1234abcd-12ab-34cd-56ef-1234567890ab", /name its key/],
  ])("is refused %s", (_, given, reason) => {
    expect(() => checkKeyArn(given, { region, subject: "biplane:dataKey" })).toThrow(reason);
    expect(() => checkKeyArn(given, { region, subject: "biplane:dataKey" })).toThrow(/^biplane:dataKey is /);
  });
});

describe("EncryptionKey", () => {
  const build = (dataProtection: boolean) =>
    recordResources(
      () => new EncryptionKey("acme-main", { description: "x", account, dataProtection, tags: { a: "b" } }),
    );

  it("rotates, and waits the longest before a protected key is gone", async () => {
    const key = (await build(true)).one("aws:kms/key:Key");
    expect(key.inputs).toMatchObject({ enableKeyRotation: true, deletionWindowInDays: 30, tags: { a: "b" } });
  });

  it("lives in the region that is asked for, its alias too", async () => {
    const made = await recordResources(
      () =>
        new EncryptionKey("copy", { description: "x", account, region: "us-west-2", dataProtection: true, tags: {} }),
    );
    expect(made.one("aws:kms/key:Key").inputs.region).toBe("us-west-2");
    expect(made.one("aws:kms/alias:Alias").inputs.region).toBe("us-west-2");
  });

  it("gives the alias to its own key", async () => {
    const alias = (await build(false)).one("aws:kms/alias:Alias");
    expect(alias.inputs).toEqual({ name: "alias/acme-main", targetKeyId: "acme-main-id" });
  });
});
