/** API keys and service accounts from their making to their end, in every service of the region, through the gateway. */
import { randomUUID } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http2";
import { type CallOptions, type Client, createClient } from "@connectrpc/connect";
import { decodeJwt, importPKCS8, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService } from "../gen/biplane/audit/v1/audit_pb.js";
import { ApiKeyService, ApplicationService } from "../gen/biplane/identity/v1/identity_pb.js";
import { PolicyService } from "../gen/biplane/policy/v1/policy_pb.js";
import { IdentityService } from "../gen/flyteidl2/auth/identity_pb.js";
import { ClusterService } from "../gen/flyteidl2/cluster/service_pb.js";
import { DataProxyService } from "../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { RunService } from "../gen/flyteidl2/workflow/run_service_pb.js";
import { StateService } from "../gen/flyteidl2/workflow/state_service_pb.js";
import { evidenceFor, ofRegion } from "../test/support/evidence.ts";
import { createRun, runId } from "./control/actions/testing/requests.ts";
import { maxKeys } from "./control/identity/api-keys.ts";
import { tokenPath } from "./control/identity/metadata.ts";
import { codeOf } from "./shared/testing/code-of.ts";
import { postText } from "./shared/testing/http2.ts";
import { type RegionWorld, startRegionWorld } from "./testing/region-world.ts";

const { proves } = evidenceFor("services/credentials", ofRegion);

let world: RegionWorld;
let keys: Client<typeof ApiKeyService>;
let applications: Client<typeof ApplicationService>;
let policies: Client<typeof PolicyService>;
let runs: Client<typeof RunService>;
const signedIn = new Map<string, CallOptions>();

beforeAll(async () => {
  world = await startRegionWorld();
  keys = createClient(ApiKeyService, world.transport);
  applications = createClient(ApplicationService, world.transport);
  policies = createClient(PolicyService, world.transport);
  runs = createClient(RunService, world.transport);
  for (const org of ["acme", "globex"]) {
    for (const person of ["admin", "contributor", "viewer", "tasks"]) {
      signedIn.set(`${org}-${person}`, bearer(await world.signIn(`${org}-${person}`)));
    }
  }
});
afterAll(() => world.stop());

const bearer = (token: string): CallOptions => ({ headers: { authorization: `Bearer ${token}` } });
const as = (clientId: string): CallOptions => {
  const options = signedIn.get(clientId);
  if (!options) throw new Error(`${clientId} has not signed in`);
  return options;
};

interface Answer {
  access_token?: string;
  error?: string;
  error_description?: string;
}

/** As the real client does. */
async function tokenFor(clientId: string, secret: string, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`${clientId}:${encodeURIComponent(secret)}`).toString("base64")}`;
  const type = "application/x-www-form-urlencoded";
  const all = { ...headers, authorization, "content-type": type };
  return JSON.parse(await postText(world.sessions, tokenPath, all, "grant_type=client_credentials"));
}

/** The client splits a key so. */
function partsOf(value: string): { endpoint: string; clientId: string; secret: string; org: string } {
  const [endpoint = "", clientId = "", secret = "", org = ""] = Buffer.from(value, "base64").toString().split(":");
  return { endpoint, clientId, secret, org };
}

/** One call to each service that takes tokens. @returns the code of each. */
function everywhere(options: CallOptions): Promise<string[]> {
  const action = { actionId: { run: runId("hello"), name: "a0" } };
  return Promise.all([
    codeOf(createClient(IdentityService, world.transport).userInfo({}, options)),
    codeOf(runs.listRuns({}, options)),
    codeOf(createClient(StateService, world.transport).get(action, options)),
    codeOf(createClient(ClusterService, world.transport).selectCluster({}, options)),
    codeOf(createClient(DataProxyService, world.transport).getActionData(action, options)),
  ]);
}

const refusedEverywhere = Array.from({ length: 5 }, () => "Unauthenticated");

async function refusedWithinAMinute(options: CallOptions): Promise<number> {
  const began = Date.now();
  await expect.poll(() => everywhere(options), { timeout: 60_000, interval: 250 }).toEqual(refusedEverywhere);
  return Date.now() - began;
}

async function keyOf(owner: string, name: string) {
  const { key, value } = await keys.createApiKey({ name }, as(owner));
  if (!key) throw new Error("no key was answered");
  return { keyId: key.keyId, value, ...partsOf(value), key };
}

describe("an API key", () => {
  it("stands for its owner, as a bearer and by the client's sign-in, and the record says which key it was", async () => {
    const { value, endpoint, clientId, secret, org, keyId } = await keyOf("acme-contributor", "ci");
    expect([endpoint, org, clientId]).toEqual(["region.biplane.test", "acme", keyId]);
    const token = (await tokenFor(clientId, secret)).access_token ?? "";
    const { iat = 0, exp = 0, sub, key } = decodeJwt(token);
    expect([exp - iat, sub, key]).toEqual([900, "acme-contributor", keyId]);
    for (const [name, credential] of Object.entries({ bearer: value, token })) {
      const { subject } = await createClient(IdentityService, world.transport).userInfo({}, bearer(credential));
      expect(subject).toBe("acme-contributor");
      await runs.createRun(createRun(`by-${name}`), bearer(credential));
    }
    const { records } = await createClient(AuditService, world.transport).listRecords(
      { operation: "flyteidl2.workflow.RunService/CreateRun" },
      as("acme-admin"),
    );
    expect(records.map(({ subject, apiKey, resource }) => [subject, apiKey, resource])).toEqual([
      ["acme-contributor", keyId, "demo/development/by-token"],
      ["acme-contributor", keyId, "demo/development/by-bearer"],
    ]);
  });

  it("may what its owner may, and loses it as its owner does", async () => {
    const made = await applications.createServiceAccount({ name: "falling" }, as("acme-admin"));
    const owner = made.account?.clientId ?? "";
    const assign = (applicationIds: string[]) =>
      policies.apply(
        {
          documents: [
            {
              document: {
                case: "assignment",
                value: { policy: "contributor", assignees: { applications: applicationIds } },
              },
            },
          ],
        },
        as("acme-admin"),
      );
    await assign([owner]);
    signedIn.set(owner, bearer((await tokenFor(owner, made.clientSecret)).access_token ?? ""));
    const { value } = await keyOf(owner, "falling");
    const may = () => codeOf(runs.createRun(createRun(`r${randomUUID().slice(0, 8)}`), bearer(value)));
    expect(await may()).toBe("ok");
    await assign([]);
    await expect.poll(may, { timeout: 60_000 }).toBe("PermissionDenied");
  });

  it("is refused everywhere once it is revoked: itself, tokens made with it, and a watch that it opened", async () => {
    const { value, clientId, secret, keyId } = await keyOf("acme-viewer", "revoked");
    const token = (await tokenFor(clientId, secret)).access_token ?? "";
    expect(await everywhere(bearer(value))).not.toContain("Unauthenticated");
    const watch = (async () => {
      for await (const _ of runs.watchRunDetails({ runId: runId("hello") }, bearer(token)));
    })();
    const ended = codeOf(watch);
    await keys.revokeApiKey({ keyId }, as("acme-viewer"));
    await keys.revokeApiKey({ keyId }, as("acme-viewer"));
    for (const credential of [value, token]) {
      expect(await refusedWithinAMinute(bearer(credential))).toBeLessThan(60_000);
    }
    expect(await ended).toBe("Unauthenticated");
    expect((await tokenFor(clientId, secret)).error).toBe("invalid_client");
    const { keys: listed } = await keys.listApiKeys({}, as("acme-viewer"));
    expect(listed.map((key) => [key.keyId, key.name, key.revokedAt !== undefined])).toEqual([[keyId, "revoked", true]]);
  }, 120_000);

  it("is refused once it has expired", async () => {
    const { value, clientId, secret, keyId, key } = await keyOf("acme-viewer", "short");
    const seconds = Number(key.expiresAt?.seconds) - Number(key.createdAt?.seconds);
    expect(seconds).toBeCloseTo(90 * 86_400, -4);
    expect(await everywhere(bearer(value))).not.toContain("Unauthenticated");
    await world.store.database.withOrg("acme", (transaction) =>
      transaction.query("update biplane.api_keys set expires_at = now() where key_id = $1", [keyId]),
    );
    await refusedWithinAMinute(bearer(value));
    expect((await tokenFor(clientId, secret)).error).toBe("invalid_client");
  });

  it("is kept as a hash, and shown to nobody again", async () => {
    const { secret, value, keyId } = await keyOf("acme-admin", "hashed");
    const rows = await world.store.database.withOrg("acme", (transaction) =>
      transaction.query("select k::text as row from biplane.api_keys k where key_id = $1", [keyId]),
    );
    const listed = await applications.listAllApiKeys({}, as("acme-admin"));
    const all = JSON.stringify([rows, listed], (_, one) => (typeof one === "bigint" ? String(one) : one));
    expect(all).toContain(keyId);
    expect(all).not.toContain(secret);
    expect(all).not.toContain(value);
  });

  it("is its owner's business and the administrators', and no other organisation's", async () => {
    const { keyId } = await keyOf("acme-contributor", "mine");
    expect(await codeOf(keys.revokeApiKey({ keyId }, as("acme-viewer")))).toBe("NotFound");
    expect(await codeOf(applications.revokeAnyApiKey({ keyId }, as("acme-viewer")))).toBe("PermissionDenied");
    const foreign = applications.revokeAnyApiKey({ keyId }, as("globex-admin"));
    await expect(foreign).rejects.toThrow(`the API key "${keyId}" does not exist`);
    const seen = async (who: string) =>
      (await applications.listAllApiKeys({}, as(who))).keys.some((key) => key.keyId === keyId);
    expect([await seen("acme-admin"), await seen("globex-admin")]).toEqual([true, false]);
    await applications.revokeAnyApiKey({ keyId }, as("acme-admin"));
    const { keys: own } = await keys.listApiKeys({}, as("acme-contributor"));
    expect(own.find((key) => key.keyId === keyId)?.revokedAt).toBeDefined();
  });

  it("makes no other key, and a task makes none", async () => {
    const { value } = await keyOf("acme-admin", "mother");
    for (const options of [bearer(value), as("acme-tasks")]) {
      expect(await codeOf(keys.createApiKey({ name: "child" }, options))).toBe("PermissionDenied");
    }
  });

  it("is one of fifty of one owner, however many are asked for at once", async () => {
    const asked = Array.from({ length: maxKeys + 10 }, () =>
      codeOf(keys.createApiKey({ name: "many" }, as("globex-viewer"))),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter((code) => code === "ok").length).toBe(maxKeys);
    expect(answers.filter((code) => code === "FailedPrecondition").length).toBe(10);
  });

  it.each([{ name: "" }, { name: "Ci" }, { name: "x".repeat(33) }, { name: "ci", days: 366 }])(
    "cannot be asked for by %o",
    async (request) => {
      expect(await codeOf(keys.createApiKey(request, as("acme-admin")))).toBe("InvalidArgument");
    },
  );
});

describe("a service account", () => {
  it("is an OAuth2 application: signs in, acts in its own name, and is listed with those that the stack declares", async () => {
    const places = [{ project: "demo", domain: "development" }];
    const made = await applications.createServiceAccount(
      { name: "nightly", description: "the nightly run", role: "contributor", places },
      as("acme-admin"),
    );
    const clientId = made.account?.clientId ?? "";
    expect(made.account).toMatchObject({ role: "contributor", declared: false });
    const token = (await tokenFor(clientId, made.clientSecret)).access_token ?? "";
    await runs.createRun(createRun("by-account"), bearer(token));
    const elsewhere = { id: { case: "runId" as const, value: { ...runId("elsewhere"), project: "other" } } };
    expect(await codeOf(runs.createRun(createRun("elsewhere", elsewhere), bearer(token)))).toBe("PermissionDenied");
    const { details } = await runs.getRunDetails({ runId: runId("by-account") }, as("acme-admin"));
    expect(JSON.stringify(details?.action?.metadata?.executedBy)).toContain(clientId);
    const { accounts } = await applications.listServiceAccounts({}, as("acme-admin"));
    const declared = accounts.filter((account) => account.declared).map((account) => account.clientId);
    expect(declared.sort()).toEqual(
      ["admin", "contributor", "runner", "tasks", "viewer"].map((name) => `acme-${name}`),
    );
    expect(accounts.filter((account) => account.clientId === clientId)).toMatchObject([
      { description: "the nightly run", places },
    ]);
  });

  it("is refused everywhere once it is deleted, with its keys, and never comes back under its id", async () => {
    const made = await applications.createServiceAccount({ name: "gone", role: "viewer" }, as("acme-admin"));
    const clientId = made.account?.clientId ?? "";
    const token = (await tokenFor(clientId, made.clientSecret)).access_token ?? "";
    signedIn.set(clientId, bearer(token));
    const { value } = await keyOf(clientId, "its");
    expect(await everywhere(bearer(value))).not.toContain("Unauthenticated");
    await applications.deleteServiceAccount({ clientId }, as("acme-admin"));
    for (const credential of [token, value]) await refusedWithinAMinute(bearer(credential));
    expect((await tokenFor(clientId, made.clientSecret)).error).toBe("invalid_client");
    expect(await codeOf(applications.deleteServiceAccount({ clientId }, as("acme-admin")))).toBe("NotFound");
    const again = await applications.createServiceAccount({ name: "gone", role: "viewer" }, as("acme-admin"));
    expect(again.account?.clientId).not.toBe(clientId);
  });

  it("gets a token for its secret that lives a quarter of an hour, and is refused everywhere after it", async () => {
    proves(["authn-sa-token-short-lived"], "the same token, signed again without being aged, is answered everywhere");
    const made = await applications.createServiceAccount({ name: "short", role: "admin" }, as("acme-admin"));
    const token = (await tokenFor(made.account?.clientId ?? "", made.clientSecret)).access_token ?? "";
    const { iat = 0, exp = 0, ...claims } = decodeJwt(token);
    expect(exp - iat).toBe(900);
    const key = await importPKCS8(world.signingKey, "ES256");
    /** As this very token will be in so many seconds. */
    const later = (seconds: number) =>
      new SignJWT({ ...claims, iat: iat - seconds, exp: exp - seconds })
        .setProtectedHeader({ alg: "ES256", kid: world.keyId, typ: "at+jwt" })
        .sign(key);
    expect(await everywhere(bearer(await later(0)))).not.toContain("Unauthenticated");
    expect(await everywhere(bearer(await later(900 + 60)))).toEqual(refusedEverywhere);
  });

  it("of the stack's stays, and one of another organisation is not there", async () => {
    const declared = applications.deleteServiceAccount({ clientId: "acme-viewer" }, as("acme-admin"));
    expect(await codeOf(declared)).toBe("FailedPrecondition");
    const foreign = applications.deleteServiceAccount({ clientId: "acme-viewer" }, as("globex-admin"));
    expect(await codeOf(foreign)).toBe("NotFound");
  });

  it("gets no role from who may make accounts but give no rights", async () => {
    const made = await applications.createServiceAccount({ name: "maker" }, as("acme-admin"));
    const clientId = made.account?.clientId ?? "";
    const bindings = [{ role: "makers", project: "", domain: "" }];
    await policies.apply(
      {
        documents: [
          { document: { case: "role", value: { name: "makers", actions: ["manage_applications"] } } },
          { document: { case: "policy", value: { name: "makers", bindings } } },
          { document: { case: "assignment", value: { policy: "makers", assignees: { applications: [clientId] } } } },
        ],
      },
      as("acme-admin"),
    );
    const maker = bearer((await tokenFor(clientId, made.clientSecret)).access_token ?? "");
    expect(await codeOf(applications.createServiceAccount({ name: "plain" }, maker))).toBe("ok");
    const strong = applications.createServiceAccount({ name: "strong", role: "admin" }, maker);
    expect(await codeOf(strong)).toBe("PermissionDenied");
  });

  it.each([
    { name: "A" },
    { name: "a", role: "root" },
    { name: "a", role: "none" },
    { name: "a", places: [{ project: "", domain: "development" }] },
    { name: "a", role: "viewer", places: [{ project: "demo", domain: "" }] },
  ])("cannot be asked for by %o", async (request) => {
    expect(await codeOf(applications.createServiceAccount(request, as("acme-admin")))).toBe("InvalidArgument");
  });
});

describe("who tries secrets", () => {
  it("is told to wait after ten wrong ones, while the owner signs in from elsewhere", async () => {
    const from = (address: string) => ({ "cf-connecting-ip": address });
    const tries: (string | undefined)[] = [];
    for (let count = 0; count < 11; count++) {
      tries.push((await tokenFor("globex-admin", "wrong", from("192.0.2.1"))).error);
    }
    expect(tries).toEqual([...Array.from({ length: 10 }, () => "invalid_client"), "temporarily_unavailable"]);
    const { error_description: said } = await tokenFor("globex-admin", "wrong", from("192.0.2.1"));
    expect(said).toMatch(/^too many wrong tries from where you are; try again in \d+ s$/);
    const secret = world.secretOf("globex-admin");
    expect((await tokenFor("globex-admin", secret, from("192.0.2.1"))).access_token).toBeUndefined();
    expect((await tokenFor("globex-admin", secret, from("192.0.2.2"))).access_token).toBeDefined();
    const other = world.secretOf("globex-viewer");
    expect((await tokenFor("globex-viewer", other, from("192.0.2.1"))).access_token).toBeDefined();
  });

  it("is told so too by wrong keys as bearers, and learns from no answer whether a key exists", async () => {
    const { clientId, org } = await keyOf("globex-admin", "tried");
    const userInfo = (id: string, source: string) => {
      const value = Buffer.from(`region.biplane.test:${id}:wrong:${org}`).toString("base64");
      const headers = { authorization: `Bearer ${value}`, "cf-connecting-ip": source };
      return codeOf(createClient(IdentityService, world.transport).userInfo({}, { headers }));
    };
    for (const [id, source] of [
      [clientId, "192.0.2.3"],
      ["globex.never.was", "192.0.2.4"],
    ] as const) {
      const tries: string[] = [];
      for (let count = 0; count < 11; count++) tries.push(await userInfo(id, source));
      expect(tries).toEqual([...Array.from({ length: 10 }, () => "Unauthenticated"), "ResourceExhausted"]);
    }
  });
});
