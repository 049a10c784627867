import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { EncryptionKey } from "./aws.ts";
import { renderKeyPolicy } from "./key-policy.ts";

const account = "111111111111";

describe("renderKeyPolicy", () => {
  it("lets the account run the key but not decrypt with it", () => {
    const [administers] = renderKeyPolicy({ account }).Statement;
    expect(administers?.Principal).toEqual({ AWS: `arn:aws:iam::${account}:root` });
    expect(administers?.Action).not.toContain("kms:Decrypt");
    expect(administers?.Action).toContain("kms:PutKeyPolicy");
  });

  it("opens the key to nobody where neither services nor roles are named", () => {
    const principals = renderKeyPolicy({ account }).Statement.map(({ Principal }) => Principal.AWS);
    expect(new Set(principals)).toEqual(new Set([`arn:aws:iam::${account}:root`]));
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

describe("EncryptionKey", () => {
  const build = (dataProtection: boolean) =>
    recordResources(
      () => new EncryptionKey("acme-main", { description: "x", account, dataProtection, tags: { a: "b" } }),
    );

  it("rotates, and waits the longest before a protected key is gone", async () => {
    const key = (await build(true)).one("aws:kms/key:Key");
    expect(key.inputs).toMatchObject({ enableKeyRotation: true, deletionWindowInDays: 30, tags: { a: "b" } });
  });

  it("gives the alias to its own key", async () => {
    const alias = (await build(false)).one("aws:kms/alias:Alias");
    expect(alias.inputs).toEqual({ name: "alias/acme-main", targetKeyId: "acme-main-id" });
  });
});
