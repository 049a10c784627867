/** Expected answers follow Azure's documentation of each part; no live subscription was asked. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { customRoles, objectsUnder } from "../../../components/identity/azure-roles.ts";
import { azureIamQuery, decideAzure } from "./decide.ts";
import { azurePoliciesFrom } from "./policy-file.ts";

const subscription = "/subscriptions/11111111-1111-4111-8111-111111111111";
const group = `${subscription}/resourceGroups/main-workloads`;
const account = `${group}/providers/Microsoft.Storage/storageAccounts/acme`;
const container = `${account}/blobServices/default/containers/metadata`;
const management = "/providers/Microsoft.Management/managementGroups/acme";
const admin = "aaaaaaaa-0000-4000-8000-000000000001";
const task = "bbbbbbbb-0000-4000-8000-000000000002";
const staff = "cccccccc-0000-4000-8000-000000000003";
const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
const roleId = (name: string) => `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${name}`;
const role = (name: string, permission: object) => ({ id: roleId(name), properties: { permissions: [permission] } });
const roles = [
  role("objects", { dataActions: customRoles.objects.dataActions }),
  role("reader", { actions: ["*/read"], notActions: ["Microsoft.Storage/*/read"] }),
  role("owner", { actions: ["*"], dataActions: [] }),
  role("wild", { dataActions: ["MICROSOFT.storage/*"], notDataActions: [`${blobs}/delete`] }),
];

interface Given {
  role?: string;
  scope?: string;
  principal?: string;
  principalType?: string;
  condition?: string;
  deny?: object;
  file?: object;
}

const policies = ({ role: name = "objects", scope = container, principal = admin, ...more }: Given) =>
  azurePoliciesFrom(
    {
      roleDefinitions: roles,
      roleAssignments: [
        {
          properties: {
            ...{ scope, principalId: principal, principalType: more.principalType ?? "ServicePrincipal" },
            ...{ roleDefinitionId: roleId(name), condition: more.condition ?? null },
          },
        },
      ],
      ...(more.deny ? { denyAssignments: [{ properties: more.deny }] } : {}),
      ...more.file,
    },
    "p.json",
  );
const asked = (query: object = {}) =>
  azureIamQuery.parse({
    ...{ principal: admin, action: `${blobs}/read`, data: true, subOperation: null },
    ...{ resource: `${container}/blobs/acme/demo/development/x`, ...query },
  });
const ask = (given: Given, query: object = {}) => decideAzure(policies(given), asked(query));
const decided = (given: Given, query: object = {}) => ask(given, query).decision;

describe("a role assignment", () => {
  it("holds on its scope and beneath, and says where", () => {
    expect(ask({})).toEqual({ decision: "allow", by: `allowed by roleAssignments[0] (objects) on ${container}` });
    expect([group, subscription, "/"].map((scope) => decided({ scope }))).toEqual(["allow", "allow", "allow"]);
    expect(decided({}, { resource: `${container}-2/blobs/x` })).toBe("deny");
    expect(decided({}, { resource: account })).toBe("deny");
  });

  it("is read without capitals, in scopes, actions and ids", () => {
    expect(decided({ scope: container.toUpperCase(), principal: admin.toUpperCase() })).toBe("allow");
    expect(decided({}, { action: `${blobs}/READ` })).toBe("allow");
  });

  it("on a management group holds where it is above, and is unknown where nobody told what is", () => {
    expect(decided({ scope: management })).toBe("unknown");
    expect(decided({ scope: management, file: { parents: { [subscription]: management } } })).toBe("allow");
    expect(decided({ scope: management, file: { parents: { [subscription]: null } } })).toBe("deny");
    const above = { [subscription]: "/providers/Microsoft.Management/managementGroups/b" };
    expect(decided({ scope: management, file: { parents: above } })).toBe("unknown");
    const inCircle = { ...above, "/providers/Microsoft.Management/managementGroups/b": subscription };
    expect(decided({ scope: management, file: { parents: inCircle } })).toBe("deny");
  });

  it("to a group holds for its members, and is unknown where these are not told", () => {
    const to = { principal: staff, principalType: "Group" };
    expect(decided(to)).toBe("unknown");
    expect(decided(to, { groups: [staff] })).toBe("allow");
    expect(decided(to, { groups: [] })).toBe("deny");
    expect(decided({ ...to, file: { groups: { [staff]: [admin.toUpperCase()] } } })).toBe("allow");
    expect(decided({ ...to, file: { groups: { [staff]: [task], [task]: [staff, admin] } } })).toBe("allow");
    expect(decided({ ...to, file: { groups: { [staff]: [task] } } })).toBe("deny");
    expect(decided({ principal: staff, principalType: "User" })).toBe("deny");
  });
});

describe("a role", () => {
  it("gives its actions without its notActions, and data actions apart", () => {
    const reads = (action: string) => decided({ role: "reader", scope: subscription }, { action, data: false });
    expect(reads("Microsoft.KeyVault/vaults/read")).toBe("allow");
    expect(reads("Microsoft.Storage/storageAccounts/read")).toBe("deny");
    expect(reads("Microsoft.KeyVault/vaults/write")).toBe("deny");
    expect(decided({ role: "owner", scope: subscription })).toBe("deny");
    expect(decided({ role: "owner", scope: subscription }, { data: false })).toBe("allow");
    expect(decided({ role: "wild" })).toBe("allow");
    expect(decided({ role: "wild" }, { action: `${blobs}/delete` })).toBe("deny");
  });

  it("that the file has not leaves it unknown, and says which", () => {
    expect(ask({ role: "another" })).toEqual({
      decision: "unknown",
      by: expect.stringContaining("role another holds"),
    });
  });
});

describe("the condition of task pods", () => {
  const given = { principal: task, condition: objectsUnder("acme/demo/development") };
  const of = (query: object) => decided(given, { principal: task, ...query });
  const list = { resource: container, subOperation: "Blob.List" };
  const prefix = (value: string | null) => ({ [`@Request[${blobs}:prefix]`]: value });

  it("lets their own objects be read, written and deleted, and no others", () => {
    const other = `${container}/blobs/acme/demo/production/x`;
    for (const action of ["read", "write", "add/action", "delete"].map((verb) => `${blobs}/${verb}`)) {
      expect([of({ action }), of({ action, resource: other })]).toEqual(["allow", "deny"]);
    }
    expect(of({ resource: `${container}/blobs/acme/demo/development-2/x` })).toBe("deny");
  });

  it("lets them list beneath their prefix, hangs on a prefix that is not told, and guesses nothing of one that is not there", () => {
    expect(of({ ...list, attributes: prefix("acme/demo/development/run/") })).toBe("allow");
    expect(of({ ...list, attributes: prefix("acme/") })).toBe("deny");
    expect(of(list)).toBe("conditional");
    expect(of({ ...list, attributes: prefix(null) })).toBe("unknown");
    expect(of({ subOperation: undefined, resource: `${container}/blobs/other` })).toBe("conditional");
  });
});

describe("a condition", () => {
  const name = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]";
  it.each<[string, string]>([
    [`${name} StringEquals 'metadata'`, "allow"],
    [`${name} StringEquals 'METADATA'`, "deny"],
    [`${name} StringEqualsIgnoreCase 'METADATA'`, "allow"],
    [`${name} StringNotEquals 'metadata'`, "deny"],
    [`${name} StringLike 'meta*a?a'`, "allow"],
    [`NOT ${name} StringStartsWith 'x'`, "allow"],
    [`Exists ${name}`, "allow"],
    [`NotExists ${name}`, "deny"],
    [`${name} ForAnyOfAnyValues:StringEquals {'a', 'metadata'}`, "allow"],
    [`${name} ForAllOfAllValues:StringEquals {'a', 'metadata'}`, "deny"],
    [`(${name} StringEquals 'x') OR (${name} StringEquals 'metadata')`, "allow"],
    [`ActionMatches{'microsoft.storage/*'}`, "allow"],
    ["@Environment[UtcNow] DateTimeGreaterThan '2030-01-01T00:00:00Z'", "conditional"],
    ["@Environment[isPrivateLink] BoolEquals true", "conditional"],
    [`(${name} StringEquals 'x') AND (@Environment[isPrivateLink] BoolEquals true)`, "deny"],
    [`${name} StringEquals 'a' OR ${name} StringEquals 'b' AND ${name} StringEquals 'c'`, "unknown"],
    [`${name} SoundsLike 'metadata'`, "unknown"],
    [`${name} StringEquals {'metadata'}`, "unknown"],
    [`${name} NumericEquals 1`, "unknown"],
    [`(${name} StringEquals 'metadata'`, "unknown"],
    [`${name} StringEquals 'metadata' extra`, "unknown"],
    [`${name} constructor 'metadata'`, "unknown"],
  ])("%s: %s", (condition, decision) => expect(decided({ condition })).toBe(decision));

  it("is asked by what the question tells", () => {
    const condition = "@Environment[UtcNow] DateTimeLessThan '2030-01-01T00:00:00Z'";
    const at = (when: string) => decided({ condition }, { attributes: { "@Environment[UtcNow]": when } });
    expect([at("2029-12-31T00:00:00Z"), at("2030-01-02T00:00:00Z")]).toEqual(["allow", "deny"]);
  });
});

describe("a deny assignment", () => {
  const all = "00000000-0000-0000-0000-000000000000";
  const deny = {
    scope: group,
    permissions: [{ dataActions: [`${blobs}/*`] }],
    principals: [{ id: all, type: "SystemDefined" }],
  };
  it.each<[string, object, string]>([
    ["of everybody", deny, "deny"],
    ["of the asker", { ...deny, principals: [{ id: admin, type: "ServicePrincipal" }] }, "deny"],
    ["of another", { ...deny, principals: [{ id: task, type: "ServicePrincipal" }] }, "allow"],
    ["of a group that is not told", { ...deny, principals: [{ id: staff, type: "Group" }] }, "unknown"],
    ["with the asker left out", { ...deny, excludePrincipals: [{ id: admin }] }, "allow"],
    ["of its own scope alone", { ...deny, doNotApplyToChildScopes: true }, "allow"],
    ["of management, not of data", { ...deny, permissions: [{ actions: ["*"] }] }, "allow"],
    ["but for reads", { ...deny, permissions: [{ dataActions: ["*"], notDataActions: ["*/read"] }] }, "allow"],
    ["elsewhere", { ...deny, scope: `${subscription}/resourceGroups/other` }, "allow"],
    ["on a management group that may be above", { ...deny, scope: management }, "unknown"],
    ["under a condition that is not understood", { ...deny, condition: "moon is full" }, "unknown"],
  ])("%s", (_, given, decision) => expect(decided({ deny: given })).toBe(decision));
});

describe("a token of another issuer", () => {
  const credential = { issuer: "https://oidc.test/", subject: "system:serviceaccount:union:executor" };
  const audience = "api://AzureADTokenExchange";
  const file = (properties: object) => ({
    identities: [
      {
        properties: { clientId: task, principalId: admin },
        federatedCredentials: [
          { name: "union-executor", properties: { ...credential, audiences: [audience], ...properties } },
        ],
      },
    ],
  });
  const of = (token: object, properties: object = {}) =>
    decided(
      { file: file(properties) },
      { principal: undefined, clientId: task, token: { ...credential, audience, ...token } },
    );

  it("is taken where issuer, subject and audience are the very ones, and by nobody else's identity", () => {
    expect(of({})).toBe("allow");
    expect(of({ issuer: "https://oidc.test" })).toBe("deny");
    expect(of({ subject: "system:serviceaccount:union:executor2" })).toBe("deny");
    expect(of({ subject: "SYSTEM:serviceaccount:union:executor" })).toBe("deny");
    expect(of({ audience: "api://other" })).toBe("deny");
    expect(
      of({ subject: "x" }, { subject: null, claimsMatchingExpression: { value: "claims['sub'] matches '*'" } }),
    ).toBe("unknown");
    expect(() => asked({ clientId: task })).toThrow(/principal, or clientId with token/);
  });
});

describe("properties", () => {
  const scopes = ["/", management, subscription, group, account, container];
  const anyRole = fc.constantFrom("objects", "reader", "owner", "wild", "another");
  const anyOne = fc.constantFrom(admin, task, staff);
  const condition = fc.constantFrom(null, objectsUnder("acme"), "moon is full", "@Environment[x] BoolEquals true");
  const assignment = fc.record({
    scope: fc.constantFrom(...scopes),
    principal: anyOne,
    role: anyRole,
    condition,
    type: fc.constantFrom("Group", "User", null),
  });
  const denial = fc.record({
    scope: fc.constantFrom(...scopes),
    principal: fc.constantFrom(admin, staff, "00000000-0000-0000-0000-000000000000"),
    pattern: fc.constantFrom("*", "*/read", `${blobs}/*`, "Microsoft.KeyVault/*"),
    left: fc.constantFrom([], [admin], [staff]),
    condition,
  });
  const question = fc.record({
    principal: anyOne,
    data: fc.boolean(),
    action: fc.constantFrom(`${blobs}/read`, `${blobs}/delete`, "Microsoft.KeyVault/vaults/read"),
    resource: fc.constantFrom(`${container}/blobs/acme/x`, container, account, subscription),
  });
  type Assigned = { scope: string; principal: string; role: string; condition: string | null; type: string | null };
  type Denied = {
    scope: string;
    principal: string;
    pattern: string;
    left: readonly string[];
    condition: string | null;
  };
  const fileOf = (assigned: Assigned[], denied: Denied[]) => ({
    roleDefinitions: roles,
    roleAssignments: assigned.map((one) => ({
      properties: { ...one, principalId: one.principal, principalType: one.type, roleDefinitionId: roleId(one.role) },
    })),
    denyAssignments: denied.map(({ pattern, principal, left, ...one }) => ({
      properties: {
        ...{ ...one, permissions: [{ actions: [pattern], dataActions: [pattern] }], principals: [{ id: principal }] },
        excludePrincipals: left.map((id) => ({ id })),
      },
    })),
  });
  const answerOf = (file: object, query: object) =>
    decideAzure(azurePoliciesFrom(file, "p"), azureIamQuery.parse(query));
  /** From nothing to all: an open answer lies between. */
  const rank = { deny: 0, unknown: 1, conditional: 1, allow: 2 } as const;

  it("an added denial never allows more", () => {
    fc.assert(
      fc.property(
        fc.array(assignment, { maxLength: 4 }),
        fc.array(denial, { maxLength: 3 }),
        denial,
        question,
        (given, denials, more, query) => {
          const before = answerOf(fileOf(given, denials), query).decision;
          const after = answerOf(fileOf(given, [...denials, more]), query).decision;
          expect(rank[after]).toBeLessThanOrEqual(rank[before]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("an added assignment never takes anything away, but a denial's word", () => {
    fc.assert(
      fc.property(fc.array(assignment, { maxLength: 4 }), assignment, question, (given, more, query) => {
        const before = answerOf(fileOf(given, []), query).decision;
        const after = answerOf(fileOf([...given, more], []), query).decision;
        expect(rank[after]).toBeGreaterThanOrEqual(rank[before]);
      }),
      { numRuns: 500 },
    );
  });

  it("other names and other capitals change nothing", () => {
    const renamed = (text: string) =>
      text
        .replaceAll(admin, "dddddddd-0000-4000-8000-00000000000d")
        .replaceAll("main-workloads", "other")
        .replaceAll(`${subscription}`, `${subscription}`.toUpperCase());
    fc.assert(
      fc.property(
        fc.array(assignment, { maxLength: 4 }),
        fc.array(denial, { maxLength: 2 }),
        question,
        (given, denials, query) => {
          const file = fileOf(given, denials);
          const one = answerOf(file, query).decision;
          const other = answerOf(JSON.parse(renamed(JSON.stringify(file))), JSON.parse(renamed(JSON.stringify(query))));
          expect(other.decision).toBe(one);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a file of policies", () => {
  it.each<[string, object, RegExp]>([
    ["with a strange part", { roles: [] }, /roles/],
    [
      "with a scope that is none",
      { roleAssignments: [{ properties: { scope: "x", principalId: "p", roleDefinitionId: "r" } }] },
      /roleAssignments\.0\.properties\.scope is "x"; allowed: a scope/,
    ],
    [
      "without a principal",
      { roleAssignments: [{ properties: { scope: "/", roleDefinitionId: "r" } }] },
      /principalId is .*an object id/,
    ],
  ])("%s is refused, with the place", (_, file, message) => {
    expect(() => azurePoliciesFrom(file, "p.json")).toThrow(message);
  });
});
