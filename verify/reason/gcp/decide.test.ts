/** Expected answers follow Google's documentation of each part; no live project was asked. */
import { describe, expect, it } from "vitest";
import { objectsUnder, secretsUnder } from "../../../components/identity/gcp-roles.ts";
import { secretIdPrefix } from "../../../components/secrets/names.ts";
import { decideGcp, gcpIamQuery } from "./decide.ts";
import { gcpPoliciesFrom } from "./policy-file.ts";

const project = "//cloudresourcemanager.googleapis.com/projects/acme-data";
const bucket = "//storage.googleapis.com/projects/_/buckets/acme-metadata";
const admin = "serviceAccount:union-admin@acme-data.iam.gserviceaccount.com";
const account = "//iam.googleapis.com/projects/acme-data/serviceAccounts/union-admin@acme-data.iam.gserviceaccount.com";
const pod = "serviceAccount:acme-data.svc.id.goog[union/executor]";
const pool = "iam.googleapis.com/projects/42/locations/global/workloadIdentityPools";
const roles = [
  { name: "roles/storage.objectViewer", includedPermissions: ["storage.objects.get", "storage.objects.list"] },
  { name: "roles/iam.workloadIdentityUser", includedPermissions: ["iam.serviceAccounts.getAccessToken"] },
  { name: "roles/owner", includedPermissions: ["storage.objects.get", "iam.serviceAccounts.getAccessToken"] },
];

interface Given {
  members?: string[];
  role?: string;
  condition?: string;
  on?: "bucket" | "project" | "account";
  deny?: object;
  groups?: Record<string, string[]>;
  owners?: string[];
}

function policies({
  members = [admin],
  role = "roles/storage.objectViewer",
  condition,
  on = "bucket",
  ...more
}: Given) {
  const binding = { role, members, ...(condition ? { condition: { title: "t", expression: condition } } : {}) };
  const policy = (name: Given["on"], others: object[] = []) => ({
    policy: { version: 3, etag: "e", bindings: [...(on === name ? [binding] : []), ...others] },
  });
  const owners = more.owners ? [{ role: "roles/owner", members: more.owners }] : [];
  return gcpPoliciesFrom(
    {
      resources: [
        { name: project, parent: null, ...policy("project", owners) },
        { name: bucket, parent: project, ...policy("bucket") },
        { name: account, parent: project, ...policy("account") },
      ],
      roles,
      ...(more.deny ? { denyPolicies: [{ on: project, rules: [{ denyRule: more.deny }] }] } : {}),
      ...(more.groups ? { groups: more.groups } : {}),
    },
    "p.json",
  );
}

const ask = (given: Given, query: object = {}) =>
  decideGcp(
    policies(given),
    gcpIamQuery.parse({
      ...{ principal: admin, permission: "storage.objects.get", resource: `${bucket}/objects/acme/demo/x` },
      ...query,
    }),
  );
const decided = (given: Given, query: object = {}) => ask(given, query).decision;

describe("a binding", () => {
  it("on the bucket holds for its objects, with the place that allows it", () => {
    expect(ask({})).toEqual({
      decision: "allow",
      by: `allowed by bindings[0] (roles/storage.objectViewer) on ${bucket}`,
    });
  });

  it("on the project holds for all beneath, and one on a bucket for no other", () => {
    expect(decided({ on: "project" })).toBe("allow");
    expect(decided({}, { resource: project })).toBe("deny");
    expect(() => decided({}, { resource: `${bucket}-2` })).toThrow(
      /resource is .*; allowed: one of the policies' resources/,
    );
  });

  it("gives what its role holds and nothing else, and a role that is not told leaves it unknown", () => {
    expect(decided({}, { permission: "storage.objects.delete" })).toBe("deny");
    const strange = ask({ role: "roles/storage.admin" });
    expect(strange).toMatchObject({
      decision: "unknown",
      by: expect.stringContaining("what roles/storage.admin holds"),
    });
    expect(decided({ role: "roles/storage.admin", members: ["user:other@acme.com"] })).toBe("deny");
  });
});

describe("a member", () => {
  it.each<[string, string, string]>([
    ["allUsers", "allUsers", "allow"],
    ["allUsers", admin, "allow"],
    ["allAuthenticatedUsers", admin, "allow"],
    ["allAuthenticatedUsers", "allUsers", "deny"],
    ["allAuthenticatedUsers", pod, "deny"],
    ["user:Alice@acme.com", "user:alice@acme.com", "allow"],
    ["user:alice@acme.com", "serviceAccount:alice@acme.com", "deny"],
    ["domain:acme.com", "user:alice@acme.com", "allow"],
    ["domain:acme.com", "user:alice@acme.com.evil.test", "deny"],
    ["domain:acme.com", admin, "deny"],
    ["group:ops@acme.com", "user:alice@acme.com", "unknown"],
    ["group:ops@acme.com", "allUsers", "deny"],
    ["deleted:user:alice@acme.com?uid=1", "user:alice@acme.com", "deny"],
    [pod, pod, "allow"],
    [pod, "serviceAccount:acme-data.svc.id.goog[union/executor-2]", "deny"],
    [pod, "serviceAccount:other.svc.id.goog[union/executor]", "deny"],
    [`principal://${pool}/acme-data.svc.id.goog/subject/ns/union/sa/executor`, pod, "allow"],
    [`principal://${pool}/acme-data.svc.id.goog/subject/ns/union/sa/other`, pod, "deny"],
    [`principalSet://${pool}/acme-data.svc.id.goog/namespace/union`, pod, "allow"],
    [`principalSet://${pool}/acme-data.svc.id.goog/namespace/other`, pod, "deny"],
    [`principalSet://${pool}/other.svc.id.goog/namespace/union`, pod, "deny"],
    [`principalSet://${pool}/acme-data.svc.id.goog/*`, pod, "allow"],
    [`principalSet://${pool}/unionai/*`, pod, "deny"],
    [`principalSet://${pool}/acme-data.svc.id.goog/kubernetes.cluster/https://x`, pod, "unknown"],
    [`principalSet://${pool}/unionai/*`, `principal://${pool}/unionai/subject/a`, "allow"],
    [`principalSet://${pool}/unionai/*`, `principal://${pool}/unionai-2/subject/a`, "deny"],
    [`principal://${pool}/unionai/subject/a`, `principal://${pool}/unionai/subject/a`, "allow"],
    [`principal://${pool}/unionai/subject/a`, `principal://${pool}/unionai/subject/A`, "deny"],
    [`principalSet://${pool}/unionai/attribute.aws_role/r`, `principal://${pool}/unionai/subject/a`, "conditional"],
    ["projectOwner:elsewhere", admin, "unknown"],
    ["something:new", admin, "unknown"],
  ])("%s, asked as %s: %s", (member, principal, decision) => {
    expect(decided({ members: [member] }, { principal })).toBe(decision);
  });

  it("of a group is in it as the file says, also through another, or as the question says", () => {
    const groups = {
      "group:ops@acme.com": ["group:all@acme.com"],
      "group:all@acme.com": [admin, "group:ops@acme.com"],
    };
    expect(decided({ members: ["group:ops@acme.com"], groups })).toBe("allow");
    expect(decided({ members: ["group:ops@acme.com"], groups }, { principal: "user:b@acme.com" })).toBe("deny");
    const members = ["group:ops@acme.com"];
    expect(decided({ members }, { groups: ["ops@acme.com"] })).toBe("allow");
    expect(decided({ members }, { groups: [] })).toBe("deny");
  });

  it("by an attribute of the token is one when the question tells it so", () => {
    const query = { principal: `principal://${pool}/unionai/subject/a` };
    const members = [`principalSet://${pool}/unionai/attribute.aws_role/r`];
    expect(decided({ members }, { ...query, attributes: { "attribute.aws_role": "r" } })).toBe("allow");
    expect(decided({ members }, { ...query, attributes: { "attribute.aws_role": "x" } })).toBe("deny");
  });

  it("by a basic role is whoever has that on the project", () => {
    const members = ["projectOwner:acme-data"];
    expect(decided({ members, role: "roles/storage.objectViewer", owners: [pod] }, { principal: pod })).toBe("allow");
    expect(decided({ members, owners: ["user:b@acme.com"] })).toBe("deny");
  });

  it("may not impersonate an account by a binding on another", () => {
    const permission = "iam.serviceAccounts.getAccessToken";
    const given: Given = { on: "account", role: "roles/iam.workloadIdentityUser", members: [pod] };
    expect(decided(given, { principal: pod, permission, resource: account })).toBe("allow");
    const other = { principal: "serviceAccount:acme-data.svc.id.goog[union/default]", permission, resource: account };
    expect(decided(given, other)).toBe("deny");
  });
});

describe("a condition", () => {
  const condition = 'resource.name.startsWith("projects/_/buckets/acme-metadata/objects/acme/")';

  it("is asked about the resource by its own name", () => {
    expect(decided({ condition, on: "project" })).toBe("allow");
    const other = { resource: `${bucket}/objects/globex/x` };
    expect(decided({ condition, on: "project" }, other)).toBe("deny");
  });

  it("knows types by names, and what is not told hangs on it", () => {
    expect(decided({ condition: 'resource.type == "storage.googleapis.com/Object"' })).toBe("allow");
    expect(decided({ condition: 'resource.type == "storage.googleapis.com/Bucket"' })).toBe("deny");
    const until = 'request.time < timestamp("2026-12-01T00:00:00Z")';
    expect(ask({ condition: until })).toEqual({ decision: "conditional", by: "request.time" });
    expect(decided({ condition: until }, { context: { "request.time": "2026-11-26T00:00:00Z" } })).toBe("allow");
    expect(decided({ condition: until }, { context: { "request.time": "2027-01-01T00:00:00Z" } })).toBe("deny");
  });

  it("as the kit writes it lets tasks at their own prefix, and at a list of it alone", () => {
    const { expression } = objectsUnder("acme-metadata", "acme/demo");
    const given: Given = { condition: expression };
    const listing = (prefix?: string) => ({
      ...{ permission: "storage.objects.list", resource: bucket },
      ...(prefix === undefined ? {} : { context: { "storage.googleapis.com/objectListPrefix": prefix } }),
    });
    expect(decided(given)).toBe("allow");
    expect(decided(given, { resource: `${bucket}/objects/acme/demo-2/x` })).toBe("deny");
    expect(decided(given, { resource: `${bucket}/objects/globex/x` })).toBe("deny");
    expect(decided(given, listing("acme/demo/r1"))).toBe("allow");
    expect(decided(given, listing("acme/"))).toBe("deny");
    expect(decided(given, listing())).toBe("conditional");
  });

  it("of the platform's secrets covers an organisation's own, and no other's whose name begins alike", () => {
    const { expression: condition } = secretsUnder("42", secretIdPrefix("acme"));
    const role = "roles/secretKeeper";
    const known = gcpPoliciesFrom(
      {
        resources: [
          {
            name: project,
            parent: null,
            policy: { bindings: [{ role, members: [admin], condition: { expression: condition } }] },
          },
        ],
        roles: [{ name: role, includedPermissions: ["secretmanager.versions.access"] }],
      },
      "p.json",
    );
    const of = (id: string) => {
      // Secrets are named by the project's number and so lie beneath none of the file's names.
      const query = { principal: admin, permission: "secretmanager.versions.access", resource: project };
      const context = { "resource.name": `projects/42/secrets/${id}/versions/1` };
      return decideGcp(known, gcpIamQuery.parse({ ...query, context })).decision;
    };
    expect([of("union_acme_demo__key"), of("union_acme-2_demo__key"), of("other")]).toEqual(["allow", "deny", "deny"]);
  });

  it("that is not understood leaves it unknown, and says which", () => {
    const { decision, by } = ask({ condition: "resource.matchTag('acme/env', 'prod')" });
    expect([decision, by]).toEqual(["unknown", expect.stringMatching(/matchTag\(\) is not understood/)]);
  });
});

describe("a deny rule", () => {
  const all = { deniedPrincipals: ["principalSet://goog/public:all"] };
  const objects = { ...all, deniedPermissions: ["storage.googleapis.com/objects.get"] };
  const named = (email: string) => `principal://iam.googleapis.com/projects/-/serviceAccounts/${email}`;
  const own = named("union-admin@acme-data.iam.gserviceaccount.com");

  it.each<[string, object, string]>([
    ["of the permission", objects, "deny"],
    ["of another permission", { ...all, deniedPermissions: ["storage.googleapis.com/objects.delete"] }, "allow"],
    ["of all of a kind", { ...all, deniedPermissions: ["storage.googleapis.com/objects.*"] }, "deny"],
    ["of all of a service", { ...all, deniedPermissions: ["storage.googleapis.com/*"] }, "deny"],
    ["of another service that begins alike", { ...all, deniedPermissions: ["storage.googleapis.com.x/*"] }, "allow"],
    [
      "with the permission excepted",
      { ...objects, exceptionPermissions: ["storage.googleapis.com/objects.get"] },
      "allow",
    ],
    ["with the asker excepted", { ...objects, exceptionPrincipals: [own] }, "allow"],
    ["with another excepted", { ...objects, exceptionPrincipals: [named("x@y.iam.gserviceaccount.com")] }, "deny"],
    ["of the asker", { ...objects, deniedPrincipals: [own] }, "deny"],
    ["of another", { ...objects, deniedPrincipals: ["principal://goog/subject/alice@acme.com"] }, "allow"],
    [
      "of a group whose members are not told",
      { ...objects, deniedPrincipals: ["principalSet://goog/group/a@b.c"] },
      "unknown",
    ],
    ["with a group excepted", { ...objects, exceptionPrincipals: ["principalSet://goog/group/a@b.c"] }, "unknown"],
    ["under a condition", { ...objects, denialCondition: { expression: "resource.matchTag('a', 'b')" } }, "unknown"],
    ["under a condition that does not hold", { ...objects, denialCondition: { expression: "false" } }, "allow"],
  ])("%s counts before every binding", (_, deny, decision) => expect(decided({ deny })).toBe(decision));

  it("leaves a refusal a refusal, and names itself where it decides", () => {
    expect(decided({ deny: { ...objects, deniedPrincipals: ["principalSet://goog/group/a@b.c"] }, members: [] })).toBe(
      "deny",
    );
    expect(ask({ deny: objects }).by).toBe(`denied by denyPolicies[0].rules[0] on ${project}`);
  });
});

describe("a file of policies", () => {
  const resource = { name: bucket, parent: null };
  it.each<[string, object, RegExp]>([
    ["without a resource", { resources: [] }, /resources is \[\]; allowed: one resource at least/],
    [
      "with a parent that is not in it",
      { resources: [{ ...resource, parent: project }] },
      /resources\.0\.parent is .*allowed/,
    ],
    [
      "with a resource that lies in itself",
      { resources: [{ ...resource, parent: bucket }] },
      /a resource that is above/,
    ],
    ["with one resource twice", { resources: [resource, resource] }, /resources\.1\.name is .*each resource once/],
    ["with a short name", { resources: [{ name: "acme", parent: null }] }, /resources\.0\.name is "acme"/],
    [
      "with a denial on nothing",
      { resources: [resource], denyPolicies: [{ on: "x", rules: [] }] },
      /denyPolicies\.0\.on/,
    ],
  ])("%s is refused, with the place", (_, file, message) => {
    expect(() => gcpPoliciesFrom(file, "p.json")).toThrow(message);
  });
});
