/** API keys, service accounts and policies of the local run's organisation, from their making to their end. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService } from "../../gen/biplane/audit/v1/audit_pb.js";
import { ApiKeyService, ApplicationService } from "../../gen/biplane/identity/v1/identity_pb.js";
import { PolicyService } from "../../gen/biplane/policy/v1/policy_pb.js";
import { IdentityService } from "../../gen/flyteidl2/auth/identity_pb.js";
import { codeOf } from "../../services/shared/testing/code-of.ts";
import { requestFor } from "../../services/testing/matrix.ts";
import { closed, nameOf, probe } from "../../services/testing/public-methods.ts";
import { biplane } from "../support/biplane.ts";
import { evidenceFor } from "../support/evidence.ts";
import { bearer, edge, signedIn, tokenAnswer } from "../support/identities.ts";
import { environment } from "../support/local-run.ts";

const { proves } = evidenceFor("tenancy/credentials");
const { org, project, domain } = environment;
const transport = edge();
const identity = createClient(IdentityService, transport);
const keys = createClient(ApiKeyService, transport);
const applications = createClient(ApplicationService, transport);
const policies = createClient(PolicyService, transport);
const folder = mkdtempSync(join(tmpdir(), "biplane-credentials-"));
/** Service accounts, policies and roles that a test made. */
const made: (() => Promise<unknown>)[] = [];

let admin: { headers: Record<string, string> };
let viewer: { headers: Record<string, string> };

beforeAll(async () => {
  admin = { headers: await signedIn(org, "admin") };
  viewer = { headers: await signedIn(org, "viewer") };
});
afterAll(async () => {
  for (const undo of made.reverse()) await undo().catch(() => undefined);
  rmSync(folder, { recursive: true });
});

const whoIs = (credential: string) => identity.userInfo({}, { headers: bearer(credential) });
const refused = (credential: string) =>
  expect
    .poll(() => codeOf(whoIs(credential)), { timeout: 60_000, message: "the credential is still accepted" })
    .toBe("Unauthenticated");

async function account(name: string, role = "", by = admin) {
  const { account: created, clientSecret } = await applications.createServiceAccount({ name, role }, by);
  const clientId = created?.clientId ?? "";
  made.push(() => applications.deleteServiceAccount({ clientId }, admin));
  return { clientId, clientSecret };
}

async function tokenOf({ clientId, clientSecret }: { clientId: string; clientSecret: string }): Promise<string> {
  const { token, error } = await tokenAnswer(clientId, clientSecret);
  if (!token) throw new Error(`${clientId}: ${error}`);
  return token;
}

describe("an API key", () => {
  it("is made by the command line, works as a bearer at once, and is refused within a minute of its revocation", async () => {
    proves(["authn-api-key-static-bearer", "authn-api-key-lifecycle"], "before its end the same call is answered");
    const file = join(folder, "key");
    const created = await biplane(["api-key", "create", "live", "--to", file]);
    expect(created.exitCode, created.output).toBe(0);
    const key = readFileSync(file, "utf8");
    expect(created.output).not.toContain(key);
    expect((await whoIs(key)).subject).toBe(environment.clientId);
    const keyId = created.output.split(" ")[0] ?? "";
    expect((await biplane(["api-key", "revoke", keyId])).exitCode).toBe(0);
    await refused(key);
  });

  it("may exactly what its owner may, and loses what its owner loses", async () => {
    proves(
      ["authn-api-key-inherits-rbac"],
      "the owner's key, before the change, is not denied what it is denied after",
    );
    const { value, key } = await keys.createApiKey({ name: "live" }, viewer);
    made.push(() => keys.revokeApiKey({ keyId: key?.keyId ?? "" }, viewer));
    const compared = closed.filter(({ parent }) => parent.name !== "ApiKeyService");
    for (const method of compared) {
      const message = requestFor(method, { org, project, domain, name: "never-was" });
      const [owner, ofKey] = await Promise.all(
        [viewer.headers, bearer(value)].map((headers) => probe(transport, { method, message, headers })),
      );
      expect([nameOf(method), ofKey]).toEqual([nameOf(method), owner]);
    }
    const falling = await account("falling");
    const assign = (clients: string[]) => assigned("admin", clients);
    await assign([falling.clientId]);
    const { value: its } = await keys.createApiKey({ name: "live" }, { headers: bearer(await tokenOf(falling)) });
    const list = () => codeOf(policies.list({}, { headers: bearer(its) }));
    await expect.poll(list, { timeout: 60_000 }).toBe("ok");
    await assign([]);
    await expect.poll(list, { timeout: 60_000 }).toBe("PermissionDenied");
  });
});

describe("a service account", () => {
  it("is one OAuth2 application, which signs in with its secret only, and not once it is deleted", async () => {
    proves(
      ["authn-sa-client-credentials", "authn-sa-oauth-app-provisioned"],
      "another secret, and a deleted one, get 401",
    );
    const one = await account("one", "viewer");
    expect((await tokenAnswer(one.clientId, one.clientSecret)).status).toBe(200);
    expect(await tokenAnswer(one.clientId, `${one.clientSecret}x`)).toMatchObject({ status: 401, token: undefined });
    const listed = async () =>
      (await applications.listServiceAccounts({}, admin)).accounts.filter(({ clientId }) => clientId === one.clientId);
    expect((await listed()).length).toBe(1);
    await applications.deleteServiceAccount({ clientId: one.clientId }, admin);
    expect(await listed()).toEqual([]);
    expect((await tokenAnswer(one.clientId, one.clientSecret)).status).toBe(401);
  });

  it("is nobody's but its own: it outlives who made it, and the record has its name", async () => {
    proves(["authn-sa-distinct-identity"], "the one that was deleted is refused by the same call");
    const maker = await account("maker", "admin");
    const makers = { headers: bearer(await tokenOf(maker)) };
    const child = await account("child", "admin", makers);
    await applications.deleteServiceAccount({ clientId: maker.clientId }, admin);
    await refused(makers.headers.authorization.replace("Bearer ", ""));
    const token = await tokenOf(child);
    expect(decodeJwt(token)).toMatchObject({ sub: child.clientId, kind: "application" });
    await policies.apply({ documents: [roleOf("live-role")] }, { headers: bearer(token) });
    made.push(() => policies.delete({ named: { case: "role", value: "live-role" } }, admin));
    const { records } = await createClient(AuditService, transport).listRecords({ subject: child.clientId }, admin);
    expect(records.map(({ operation, subjectKind }) => [operation, subjectKind])).toEqual([
      ["biplane.policy.v1.PolicyService/Apply", "application"],
    ]);
  });
});

describe("policies", () => {
  it("are written by the customer's administrator, and by nobody who is less", async () => {
    proves(
      ["rbac-customers-write-policies", "rbac-custom-policy-binds-roles", "rbac-three-builtin-roles"],
      "a role of the organisation's own is listed by the same question and is no built-in one",
    );
    const bindings = [
      { role: "own-role", project: "", domain: "" },
      { role: "viewer", project, domain },
    ];
    const documents = [roleOf("own-role"), policyOf("own-policy", bindings)];
    const contributor = { headers: await signedIn(org, "contributor") };
    for (const lesser of [contributor, viewer]) {
      expect(await codeOf(policies.apply({ documents }, lesser))).toBe("PermissionDenied");
    }
    await policies.apply({ documents }, admin);
    made.push(() => policies.delete({ named: { case: "role", value: "own-role" } }, admin));
    made.push(() => policies.delete({ named: { case: "policy", value: "own-policy" } }, admin));
    const { found } = await policies.get({ named: { case: "policy", value: "own-policy" } }, admin);
    expect(found.value).toMatchObject({ name: "own-policy", bindings });
    const { roles } = await policies.list({}, admin);
    expect(roles.filter(({ builtin }) => builtin).map(({ name }) => name)).toEqual(["admin", "contributor", "viewer"]);
    expect(roles.filter(({ builtin }) => !builtin).map(({ name }) => name)).toContain("own-role");
  });

  it("hold in the whole organisation, in a domain, or in a domain of a project, and nowhere else", async () => {
    proves(
      ["rbac-policy-scope-levels", "rbac-policy-example-mixed"],
      "each is allowed where another of them is denied",
    );
    const cases = {
      "in-all": [{ role: "contributor", project: "", domain: "" }],
      "in-domain": [{ role: "contributor", project: "", domain: "development" }],
      mixed: [
        { role: "contributor", project: "demo", domain: "development" },
        { role: "contributor", project: "demo", domain: "staging" },
        { role: "viewer", project: "demo", domain: "production" },
      ],
    };
    const places = [
      ["demo", "development"],
      ["demo", "staging"],
      ["demo", "production"],
      ["other", "development"],
      ["other", "production"],
    ] as const;
    const able: Record<string, string> = {};
    for (const [name, bindings] of Object.entries(cases)) {
      const holder = await account(name);
      await policies.apply({ documents: [policyOf(name, bindings)] }, admin);
      made.push(() => policies.delete({ named: { case: "policy", value: name } }, admin));
      await assigned(name, [holder.clientId]);
      const headers = bearer(await tokenOf(holder));
      // A token's first use finds what holds at that moment.
      const answers = await Promise.all(
        places.map(async ([inProject, inDomain]) => {
          const at = { org, project: inProject, domain: inDomain, name: "never-was" };
          const allowed = await Promise.all(
            ["RunService/CreateRun", "RunService/GetRunDetails"].map(async (wanted) => {
              const method = closed.find((one) => nameOf(one).endsWith(wanted));
              if (!method) throw new Error(`no ${wanted}`);
              return (await probe(transport, { method, message: requestFor(method, at), headers })).code;
            }),
          );
          return allowed.map((code, index) => (code === "PermissionDenied" ? "-" : "wr"[index])).join("");
        }),
      );
      able[name] = answers.join(" ");
    }
    expect(able).toEqual({
      "in-all": "wr wr wr wr wr",
      "in-domain": "wr -- -- wr --",
      mixed: "wr wr -r -- --",
    });
  });
});

const roleOf = (name: string) => ({
  document: { case: "role" as const, value: { name, actions: ["view_flyte_executions"] } },
});
const policyOf = (name: string, bindings: { role: string; project: string; domain: string }[]) => ({
  document: { case: "policy" as const, value: { name, bindings } },
});

async function assigned(policy: string, clients: string[]) {
  const value = { policy, assignees: { applications: clients } };
  await policies.apply({ documents: [{ document: { case: "assignment" as const, value } }] }, admin);
  if (clients.length > 0) made.push(() => assigned(policy, []));
}
