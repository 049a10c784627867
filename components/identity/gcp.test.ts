import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import type { ProjectSpace } from "./contract.ts";
import { PlatformAccounts, type PlatformAccountsArgs } from "./gcp.ts";
import { planAccounts } from "./gcp-plan.ts";
import { customRoles, emailOf, objectsUnder, podMember } from "./gcp-roles.ts";

const space = (project: string): ProjectSpace => ({
  project,
  domain: "production",
  namespace: `${project}-production`,
});
const args: PlatformAccountsArgs = {
  ...{ org: "acme", project: "acme-data", projectNumber: "123", clusterName: "biplane-main", namespace: "union" },
  ...{ secretsInCloud: true, projects: [space("one"), space("two")], isolation: "shared" },
  buckets: { metadata: "m", fastRegistration: "f" },
};
const build = (more: Partial<PlatformAccountsArgs> = {}, preview = false) =>
  recordResources(() => new PlatformAccounts("main", { ...args, ...more }), { preview });
const admin = "serviceAccount:adminflyterole@acme-data.iam.gserviceaccount.com";
const user = "serviceAccount:userflyterole@acme-data.iam.gserviceaccount.com";
const onBuckets = "gcp:storage/bucketIAMMember:BucketIAMMember";
const inProject = "gcp:projects/iAMMember:IAMMember";
const onAccount = "gcp:serviceaccount/iAMMember:IAMMember";
const prefixOf = (bucket: string, prefix: string) =>
  `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}/") || ` +
  `api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("${prefix}/")`;

describe("PlatformAccounts", () => {
  it("makes the two documented accounts and no key of theirs", async () => {
    const made = await build();
    const ids = made.of("gcp:serviceaccount/account:Account").map(({ inputs }) => inputs.accountId);
    expect(ids).toEqual(["adminflyterole", "userflyterole"]);
    expect(made.of("gcp:serviceaccount/key:Key")).toEqual([]);
  });

  it("is taken by exactly named service accounts, and by nobody else", async () => {
    const made = await build();
    const trusted = made.of(onAccount).filter(({ inputs }) => inputs.role === "roles/iam.workloadIdentityUser");
    const members = trusted.map(({ inputs }) => [inputs.serviceAccountId, inputs.member]);
    const named = (id: string) => `projects/acme-data/serviceAccounts/${id}@acme-data.iam.gserviceaccount.com`;
    const pod = (who: string) => `serviceAccount:acme-data.svc.id.goog[${who}]`;
    expect(members).toEqual([
      ...["executor", "proxy-system", "log-provider", "secrets"].map((who) => [
        named("adminflyterole"),
        pod(`union/${who}`),
      ]),
      [named("userflyterole"), pod("one-production/default")],
      [named("userflyterole"), pod("two-production/default")],
    ]);
  });

  it("reaches objects bucket by bucket: the services all, task pods their own prefix only", async () => {
    const granted = (await build())
      .of(onBuckets)
      .map(({ inputs: { bucket, role, member, condition } }) => [bucket, role, member, condition]);
    const own = (bucket: string) => ({ title: "objects under acme", expression: prefixOf(bucket, "acme") });
    expect(granted).toEqual([
      ["m", "roles/storage.objectUser", admin, undefined],
      ["f", "roles/storage.objectUser", admin, undefined],
      ["m", "roles/storage.objectUser", user, own("m")],
      ["f", "roles/storage.objectUser", user, own("f")],
    ]);
  });

  it("grants in the project only making secrets, and keeping those of the plane's prefix", async () => {
    const made = await build();
    const granted = made.of(inProject).map(({ inputs: { role, member, condition } }) => [role, member, condition]);
    expect(granted).toEqual([
      ["main-secretMaker-id", admin, undefined],
      [
        "main-secretKeeper-id",
        admin,
        {
          title: "secrets union_acme_*",
          expression: 'resource.name.startsWith("projects/123/secrets/union_acme_")',
        },
      ],
    ]);
    expect((await build({ secretsInCloud: false })).of(inProject)).toEqual([]);
  });

  it("lets the services sign as themselves, and take no token", async () => {
    const made = await build();
    const role = made.one("gcp:projects/iAMCustomRole:IAMCustomRole", "main-signer").inputs;
    expect(role).toMatchObject({ roleId: "biplane_main_signer", permissions: ["iam.serviceAccounts.signBlob"] });
    const signs = made.of(onAccount).filter(({ inputs }) => inputs.role === "main-signer-id");
    expect(signs.map(({ inputs }) => [inputs.serviceAccountId, inputs.member])).toEqual([
      ["projects/acme-data/serviceAccounts/adminflyterole@acme-data.iam.gserviceaccount.com", admin],
    ]);
    expect(JSON.stringify(made.all)).not.toContain("serviceAccountTokenCreator");
  });

  it("with isolation has an account for each project-domain, and nobody takes the shared one", async () => {
    const made = await recordResources(async () => {
      const one = new PlatformAccounts("main", { ...args, isolation: "project" });
      expect(await settled(pulumi.all(one.projects))).toEqual({
        "one-production": "userflyterole-one-production@acme-data.iam.gserviceaccount.com",
        "two-production": "userflyterole-two-production@acme-data.iam.gserviceaccount.com",
      });
    });
    const { condition } = made.one(onBuckets, "main-user-one-production-metadata").inputs;
    expect(condition).toMatchObject({ expression: prefixOf("m", "acme/one/production") });
    const trusted = made.of(onAccount).filter(({ name }) => name.startsWith("main-user"));
    expect(trusted.map(({ name }) => name)).toEqual([
      "main-user-one-production-one-production-default",
      "main-user-two-production-two-production-default",
    ]);
  });

  it("answers an account only once it may do all that it is for", async () => {
    let known = 0;
    const made = await recordResources(
      async () => {
        const one = new PlatformAccounts("main", args);
        await settled(one.user);
        known = performance.now();
      },
      { slow: [onBuckets] },
    );
    expect(known).toBeGreaterThan(0);
    expect(made.of(onBuckets).every(({ ended }) => ended < Number.POSITIVE_INFINITY)).toBe(true);
  });

  it("shows the same in a first preview", async () => {
    const names = ({ all }: Awaited<ReturnType<typeof build>>) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build({}, true))).toEqual(names(await build()));
  });
});

describe("planAccounts", () => {
  const plan = (count: number, isolation: "shared" | "project", accountQuota?: number) =>
    planAccounts({
      ...{ names: { admin: "adminflyterole", user: "userflyterole" }, org: "acme", namespace: "union" },
      ...{ secretsInCloud: false, isolation, accountQuota },
      projects: Array.from({ length: count }, (_, at) => space(`p${at}`)),
    });

  it("keeps ids to 30 characters, without two ever meeting", () => {
    const long = (name: string) => ({ project: `${name}-${"x".repeat(28)}`, domain: "production", namespace: name });
    const made = planAccounts({
      ...{ names: { admin: "adminflyterole", user: "userflyterole" }, org: "acme", namespace: "union" },
      ...{ secretsInCloud: false, isolation: "project", projects: [long("a"), long("b")] },
    });
    const ids = [...made.projects.values()].map(({ accountId }) => accountId);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9-]{5,29}$/);
  });

  it("refuses more accounts than a project holds, and names the setting", () => {
    expect(plan(80, "project").projects.size).toBe(80);
    expect(() => plan(81, "project")).toThrow(/^biplane:projects is 81; allowed: up to 80.*serviceAccountQuota/);
    expect(plan(81, "project", 200).projects.size).toBe(81);
  });

  it("refuses more members than an allow policy holds", () => {
    expect(() => plan(1501, "shared")).toThrow(/^biplane:projects is 1501; allowed: up to 1500/);
  });

  it("refuses a project-domain twice", () => {
    const twice = {
      ...args,
      names: { admin: "adminflyterole", user: "userflyterole" },
      projects: [space("a"), space("a")],
    };
    expect(() => planAccounts(twice)).toThrow(/each namespace/);
  });
});

describe("what the accounts may do", () => {
  it("names no wildcard and no right to give rights", () => {
    for (const { permissions } of Object.values(customRoles)) {
      for (const permission of permissions) expect(permission).not.toMatch(/\*|setIamPolicy|actAs|getAccessToken|list/);
    }
  });

  it("knows pods, e-mails and prefixes as Google names them", () => {
    expect(podMember("p", "n", "s")).toBe("serviceAccount:p.svc.id.goog[n/s]");
    expect(emailOf("a", "acme-data")).toBe("a@acme-data.iam.gserviceaccount.com");
    expect(emailOf("a", "example.com:data")).toBe("a@data.example.com.iam.gserviceaccount.com");
    expect(objectsUnder("b", "acme").expression).toBe(prefixOf("b", "acme"));
  });
});
