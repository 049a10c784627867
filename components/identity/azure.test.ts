import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { PlatformIdentities, type PlatformIdentitiesArgs } from "./azure.ts";
import { definitionId } from "./azure-grants.ts";
import { type IdentityPlanArgs, planIdentities } from "./azure-plan.ts";
import { customRoles, objectsUnder } from "./azure-roles.ts";
import type { ProjectSpace } from "./contract.ts";

const subscription = "11111111-1111-4111-8111-111111111111";
const space = (project: string): ProjectSpace => ({
  project,
  domain: "production",
  namespace: `${project}-production`,
});
const many = (count: number) => Array.from({ length: count }, (_, at) => space(`p${at}`));
const args: PlatformIdentitiesArgs = {
  ...{ org: "acme", subscription, group: "group", region: "westeurope", namespace: "union", tags: {} },
  ...{ issuer: "https://oidc.test/", secretsVault: "vault", projects: many(2), isolation: "shared" },
  storage: { account: "account", containers: { metadata: "m", "fast-reg": "f" } },
};
const build = (more: Partial<PlatformIdentitiesArgs> = {}, slow: string[] = []) =>
  recordResources(() => new PlatformIdentities("main", { ...args, ...more }), { slow });
const credential = "azure-native:managedidentity:FederatedIdentityCredential";
const assignment = "azure-native:authorization:RoleAssignment";
const pod = (who: string) => `system:serviceaccount:${who}`;

describe("PlatformIdentities", () => {
  it("makes the two documented identities, each taken by exactly named service accounts and by nobody else", async () => {
    const trusted = (await build()).of(credential).map(({ inputs }) => inputs);
    expect(trusted.map(({ resourceName, subject }) => [resourceName, subject]).sort()).toEqual([
      ...["executor", "log-provider", "proxy-system", "secrets"].map((who) => ["adminflyterole", pod(`union:${who}`)]),
      ...["p0-production:default", "p1-production:default"].map((who) => ["userflyterole", pod(who)]),
    ]);
    for (const inputs of trusted) {
      expect(inputs).toMatchObject({ issuer: "https://oidc.test/", audiences: ["api://AzureADTokenExchange"] });
    }
  });

  it("makes the credentials of an identity one after the other, as Azure takes them", async () => {
    const made = (await build({}, [credential])).of(credential).filter(({ name }) => name.startsWith("main-admin"));
    expect(made).toHaveLength(4);
    for (const [at, one] of made.slice(1).entries()) expect(one.begun).toBeGreaterThan(made[at]?.ended ?? Infinity);
  });

  it("reaches objects container by container: the services all, task pods their own prefix only", async () => {
    const granted = (await build()).of(assignment).filter(({ name }) => /-(?:metadata|fast-reg)$/.test(name));
    const rows = granted.map(({ name, inputs: { scope, roleDefinitionId, condition } }) => [
      ...[name, scope, roleDefinitionId, condition],
    ]);
    expect(rows.sort()).toEqual([
      ["main-admin-fast-reg", "f", "main-objects-id", undefined],
      ["main-admin-metadata", "m", "main-objects-id", undefined],
      ["main-user-fast-reg", "f", "main-objects-id", objectsUnder("acme")],
      ["main-user-metadata", "m", "main-objects-id", objectsUnder("acme")],
    ]);
  });

  it("lets the services sign as themselves and keep secrets in one vault, which is all that they may beside", async () => {
    const others = (made: Awaited<ReturnType<typeof build>>) =>
      made.of(assignment).filter(({ name }) => !/-(?:metadata|fast-reg)$/.test(name));
    const delegator = definitionId(subscription, "db58b8e5-c6ad-4a2a-8342-4190687cbf4a");
    const rows = others(await build()).map(({ inputs }) => [inputs.scope, inputs.roleDefinitionId]);
    expect(rows.sort()).toEqual([
      ["account", delegator],
      ["vault", "main-secret-keeper-id"],
    ]);
    expect(others(await build({ secretsVault: undefined })).map(({ inputs }) => inputs.scope)).toEqual(["account"]);
  });

  it("answers an identity only once it may do all that it is for", async () => {
    let rights = 0;
    await recordResources(
      async () => {
        const one = new PlatformIdentities("main", { ...args, projects: many(1) });
        await settled(pulumi.all([one.admin, one.user]));
        rights += 1;
      },
      { slow: [assignment] },
    ).then((made) => {
      expect(rights).toBe(1);
      for (const { ended } of made.of(assignment)) expect(ended).toBeLessThan(Number.POSITIVE_INFINITY);
    });
  });

  it("with isolation has an identity for each project-domain, under its own prefix, and nobody takes the shared one", async () => {
    const made = await build({ isolation: "project" });
    const { condition } = made.one(assignment, "main-user-p1-production-metadata").inputs;
    expect(condition).toBe(objectsUnder("acme/p1/production"));
    expect(made.of(credential).filter(({ inputs }) => inputs.resourceName === "userflyterole")).toEqual([]);
  });
});

describe("planIdentities", () => {
  const plan = (count: number, more: Partial<IdentityPlanArgs> = {}) =>
    planIdentities({
      ...{ names: { admin: "adminflyterole", user: "userflyterole" }, org: "acme", namespace: "union" },
      ...{ secretsInCloud: true, projects: many(count), isolation: "shared", ...more },
    });

  it("takes one more identity for each twenty namespaces, and what was there before stays as it is", () => {
    const sizes = (count: number) => plan(count).users.map(({ name, subjects }) => [name, subjects.length]);
    expect(sizes(20)).toEqual([["userflyterole", 20]]);
    expect(sizes(41)).toEqual([
      ["userflyterole", 20],
      ["userflyterole-2", 20],
      ["userflyterole-3", 1],
    ]);
    expect(plan(41).users[0]).toEqual(plan(20).users[0]);
    expect(plan(41).projects.get("p20-production")?.name).toBe("userflyterole-2");
    expect(plan(41).projects.has("p19-production")).toBe(false);
  });

  it("refuses more identities than a subscription's role assignments are enough for", () => {
    expect(plan(1800, { isolation: "project" }).projects.size).toBe(1800);
    expect(() => plan(1801, { isolation: "project" })).toThrow(/^biplane:projects is 1801; allowed: .* 4000 role/);
    expect(plan(1801).users.length).toBe(91);
  });

  it("refuses a project-domain twice", () => {
    expect(() => plan(0, { projects: [space("a"), space("a")] })).toThrow(/each namespace/);
  });
});

describe("what the identities may do", () => {
  it("names no wildcard, and no right over rights, containers, keys or purges", () => {
    for (const { actions, dataActions } of Object.values(customRoles)) {
      for (const action of [...actions, ...dataActions]) {
        expect(action).not.toMatch(/\*|Authorization|containers\/(?:write|delete)$|keys|purge|backup|listKeys/i);
      }
    }
  });

  it("judges a list by the prefix that it asks for, and every other call by the object's path", () => {
    const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
    expect(objectsUnder("acme/one")).toBe(
      `((!(ActionMatches{'${blobs}/read'} AND NOT SubOperationMatches{'Blob.List'})` +
        ` AND !(ActionMatches{'${blobs}/write'}) AND !(ActionMatches{'${blobs}/add/action'})` +
        ` AND !(ActionMatches{'${blobs}/delete'})) OR (@Resource[${blobs}:path] StringStartsWith 'acme/one/'))` +
        ` AND ((!(ActionMatches{'${blobs}/read'} AND SubOperationMatches{'Blob.List'}))` +
        ` OR (@Request[${blobs}:prefix] StringStartsWith 'acme/one/'))`,
    );
  });
});
