/** Who may reach an app, by every credential there is, as a compute plane's gate is told. */
import { randomBytes } from "node:crypto";
import { Code, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AppAccessService, type CheckAccessRequest } from "../../../gen/biplane/apps/v1/access_pb.js";
import { AuditService, Decision } from "../../../gen/biplane/audit/v1/audit_pb.js";
import { ApiKeyService, ApplicationService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { AppService } from "../../../gen/flyteidl2/app/app_service_pb.js";
import { until } from "../../shared/testing/until.ts";
import { bearer, issuer, type PeopleWorld, passLogin, startPeopleWorld } from "../../testing/people-world.ts";
import { challengeOf } from "../identity/session-rules.ts";
import { tellPlane } from "../store/app-reports.ts";

const domain = "apps.acme.test";
const demo = { org: "acme", project: "demo", domain: "development" };
const hosts = {
  hello: `hello-demo-development.${domain}`,
  open: `open-demo-development.${domain}`,
  other: `other-secret-production.${domain}`,
  absent: `absent-demo-development.${domain}`,
};

let people: PeopleWorld;
let admin: { headers: { authorization: string } };
beforeAll(async () => {
  people = await startPeopleWorld();
  admin = bearer(await people.region.signIn("acme-admin"));
  await tellPlane(people.region.store.database, "acme", "c1", domain);
  await tellPlane(people.region.store.database, "globex", "g1", domain);
  await deploy({ ...demo, name: "hello" });
  await deploy({ ...demo, name: "open" }, true);
  await deploy({ ...demo, project: "secret", domain: "production", name: "other" });
});
afterAll(() => people.stop());

function deploy(id: { org: string; project: string; domain: string; name: string }, allowAnonymous = false) {
  const spec = {
    appPayload: { case: "container" as const, value: { image: "i" } },
    securityContext: { allowAnonymous },
  };
  return createClient(AppService, people.region.transport).create({ app: { metadata: { id }, spec } }, admin);
}

type Credential = CheckAccessRequest["credential"];
const none: Credential = { case: undefined };
const token = (value: string): Credential => ({ case: "bearer", value });
const session = (value: string): Credential => ({ case: "session", value });

async function gate(org = "acme", cluster = "c1") {
  return [
    createClient(AppAccessService, people.region.inside.actions),
    await people.region.asPlane(org, cluster),
  ] as const;
}

async function check(
  host: string,
  credential: Credential = none,
  plane: [org: string, cluster: string] = ["acme", "c1"],
) {
  const [client, as] = await gate(...plane);
  const { outcome, ...times } = await client.checkAccess({ host, credential, source: "192.0.2.7" }, as);
  const who = outcome.case === "allowed" ? outcome.value.subject : "";
  return { is: outcome.case, who, ...times };
}
const isAt = async (...asked: Parameters<typeof check>) => (await check(...asked)).is;

async function apiKey(as: { headers: { authorization: string } }) {
  const name = `k${randomBytes(4).toString("hex")}`;
  return createClient(ApiKeyService, people.region.transport).createApiKey({ name, days: 1 }, as);
}

/** Up to the address that the gate is to be shown. */
async function returned(who: string, host: string, verifier = randomBytes(32).toString("base64url")) {
  const url = new URL(`${issuer}/oauth2/v1/app-sign-in`);
  url.search = new URLSearchParams({ host, state: "s".repeat(22), code_challenge: challengeOf(verifier) }).toString();
  const visitor = people.browser();
  const page = await passLogin(visitor, await visitor.open(url), who);
  return { page, verifier, code: page.url.searchParams.get("code") ?? "" };
}

async function signedIn(who: string, host = hosts.hello) {
  const { code, verifier } = await returned(who, host);
  const [client, as] = await gate();
  return (await client.finishSignIn({ host, code, verifier }, as)).session;
}

describe("a program", () => {
  it("reaches an app by a token or an API key of whoever may, for ten seconds, and in an outage for 45", async () => {
    const viewer = await people.region.signIn("acme-viewer");
    expect(await check(hosts.hello, token(viewer))).toMatchObject({
      ...{ is: "allowed", who: "acme-viewer", askAgainSeconds: 10, believeSeconds: 45 },
    });
    const { value = "" } = await apiKey(bearer(viewer));
    expect(await check(hosts.hello, token(value))).toMatchObject({ is: "allowed", who: "acme-viewer" });
    expect(await isAt(hosts.hello.toUpperCase(), token(viewer))).toBe("allowed");
  });

  it("is asked who it is where it says nothing that counts, alike whether there is such an app", async () => {
    const globex = await people.region.signIn("globex-admin");
    const gone = people.region.revokedToken;
    const wrong = Buffer.from("region.biplane.test:acme-admin:wrong:acme").toString("base64");
    for (const host of [hosts.hello, hosts.other, hosts.absent, "nothing", `x.${domain}.evil.test`]) {
      for (const credential of [
        none,
        token("abc"),
        token("a.b.c"),
        token(wrong),
        token(globex),
        token(gone),
        session("x"),
      ]) {
        expect(await check(host, credential)).toMatchObject({ is: "signIn", askAgainSeconds: 2, believeSeconds: 2 });
      }
    }
  });

  it("of project A does not reach an app of project B, nor learn whether there is one", async () => {
    const contributor = await people.region.signIn("acme-contributor");
    expect(await isAt(hosts.hello, token(contributor))).toBe("allowed");
    expect(await isAt(hosts.other, token(contributor))).toBe("forbidden");
    expect(await isAt(hosts.absent, token(contributor))).toBe("forbidden");
    const all = await people.region.signIn("acme-admin");
    expect([await isAt(hosts.other, token(all)), await isAt(hosts.absent, token(all))]).toEqual(["allowed", "unknown"]);
    const audit = createClient(AuditService, people.region.transport);
    const { records } = await audit.listRecords({}, admin);
    const refused = records.filter(
      ({ subject, decision }) => subject === "acme-contributor" && decision === Decision.DENIED,
    );
    expect(refused.map(({ operation, resource }) => [operation, resource])).toEqual([
      ["biplane.apps.v1.AppAccessService/CheckAccess", hosts.absent],
      ["biplane.apps.v1.AppAccessService/CheckAccess", "secret/production/other"],
    ]);
  });

  it("without a role reaches none", async () => {
    expect(await isAt(hosts.hello, token(await people.region.signIn("acme-runner")))).toBe("forbidden");
  });

  it("is refused within seconds once its key is revoked, or its account removed", async () => {
    const service = createClient(ApplicationService, people.region.transport);
    const { account, clientSecret } = await service.createServiceAccount({ name: "caller", role: "viewer" }, admin);
    const clientId = account?.clientId ?? "";
    const key = Buffer.from(`region.biplane.test:${clientId}:${clientSecret}:acme`).toString("base64");
    const { key: made, value } = await apiKey(bearer(await people.region.signIn("acme-viewer")));
    expect([await isAt(hosts.hello, token(key)), await isAt(hosts.hello, token(value))]).toEqual([
      "allowed",
      "allowed",
    ]);
    await service.deleteServiceAccount({ clientId }, admin);
    await service.revokeAnyApiKey({ keyId: made?.keyId ?? "" }, admin);
    await until(async () => (await isAt(hosts.hello, token(key))) === "signIn", 10_000);
    await until(async () => (await isAt(hosts.hello, token(value))) === "signIn", 10_000);
  });
});

describe("an app that is open on purpose", () => {
  it("is reached by everybody, and knows whom the region knows", async () => {
    const viewer = await people.region.signIn("acme-viewer");
    expect(await check(hosts.open)).toMatchObject({ is: "allowed", who: "" });
    expect(await check(hosts.open, token("wrong"))).toMatchObject({ is: "allowed", who: "" });
    const runner = await people.region.signIn("acme-runner");
    expect(await check(hosts.open, token(runner))).toMatchObject({ is: "allowed", who: "" });
    expect(await check(hosts.open, token(viewer))).toMatchObject({ is: "allowed", who: "acme-viewer" });
  });
});

describe("a compute plane", () => {
  it("is told of its own apps only", async () => {
    const acme = await people.region.signIn("acme-admin");
    expect(await isAt(hosts.open, none, ["acme", "c2"])).toBe("signIn");
    expect(await isAt(hosts.hello, token(acme), ["acme", "c2"])).toBe("unknown");
    expect(await isAt(hosts.open, none, ["globex", "g1"])).toBe("signIn");
    expect(await isAt(hosts.hello, token(acme), ["globex", "g1"])).toBe("signIn");
  });

  it("alone may ask", async () => {
    const client = createClient(AppAccessService, people.region.inside.actions);
    await expect(client.checkAccess({ host: hosts.hello }, admin)).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
    const outside = createClient(AppAccessService, people.region.transport);
    const asked = outside.checkAccess({ host: hosts.hello }, await people.region.asPlane("acme", "c1"));
    await expect(asked).rejects.toMatchObject({ code: Code.Unimplemented });
  });
});

describe("a person", () => {
  it("is signed in at the provider, goes back to the app, and reaches that app alone until the sign-out", async () => {
    const verifier = randomBytes(32).toString("base64url");
    const { page, code } = await returned("vic", hosts.hello, verifier);
    expect(`${page.url.origin}${page.url.pathname}`).toBe(`https://${hosts.hello}/.biplane/signed-in`);
    expect(page.url.searchParams.get("state")).toBe("s".repeat(22));
    const [client, as] = await gate();
    const { session: value, lifetimeSeconds } = await client.finishSignIn({ host: hosts.hello, code, verifier }, as);
    expect(lifetimeSeconds).toBeGreaterThan(11 * 3600);
    expect(await check(hosts.hello, session(value))).toMatchObject({ is: "allowed", who: "vic@acme.test" });
    expect(await isAt(hosts.other, session(value))).toBe("signIn");
    expect(await check(hosts.open, session(value))).toMatchObject({ is: "allowed", who: "" });
    expect(await isAt(hosts.hello, token(value))).toBe("signIn");
    expect(await people.projects(value)).toBe("Unauthenticated");
    await client.signOut({ host: hosts.hello, session: value }, as);
    await until(async () => (await isAt(hosts.hello, session(value))) === "signIn", 10_000);
    await client.signOut({ host: hosts.hello, session: value }, as);
  });

  it("is not sent to a host that is no app of their organisation, or that they may not reach", async () => {
    for (const [who, host] of [
      ["vic", "evil.test"],
      ["vic", hosts.absent],
      ["gus", hosts.hello],
    ] as const) {
      const { page } = await returned(who, host);
      expect([page.status, page.url.origin]).toEqual([403, issuer]);
      expect(page.text).toContain("may not reach it");
    }
  });

  it.each([
    ["no host", { host: "" }],
    ["a path", { host: `${hosts.hello}/x` }],
    ["a port", { host: `${hosts.hello}:444` }],
    ["a user", { host: `a@${hosts.hello}` }],
    ["capitals", { host: hosts.hello.toUpperCase() }],
    ["a short state", { state: "s" }],
    ["no challenge", { code_challenge: "" }],
  ])("is not asked to sign in for %s", async (_what, changes) => {
    const url = new URL(`${issuer}/oauth2/v1/app-sign-in`);
    const proper = { host: hosts.hello, state: "s".repeat(22), code_challenge: challengeOf("v") };
    url.search = new URLSearchParams({ ...proper, ...changes }).toString();
    const page = await people.browser().open(url);
    expect([page.status, page.url.origin]).toEqual([400, issuer]);
  });

  it("loses the session where its code is shown twice, with another verifier, or for another app", async () => {
    const [client, as] = await gate();
    const finish = (host: string, code: string, verifier: string) => client.finishSignIn({ host, code, verifier }, as);
    const over = { code: Code.Unauthenticated };
    const twice = await returned("vic", hosts.hello);
    const { session: value } = await finish(hosts.hello, twice.code, twice.verifier);
    await expect(finish(hosts.hello, twice.code, twice.verifier)).rejects.toMatchObject(over);
    await until(async () => (await isAt(hosts.hello, session(value))) === "signIn", 10_000);
    const stolen = await returned("vic", hosts.hello);
    await expect(finish(hosts.hello, stolen.code, "another")).rejects.toMatchObject(over);
    await expect(finish(hosts.hello, stolen.code, stolen.verifier)).rejects.toMatchObject(over);
    const elsewhere = await returned("vic", hosts.hello);
    await expect(finish(hosts.open, elsewhere.code, elsewhere.verifier)).rejects.toMatchObject(over);
    await expect(finish(hosts.hello, elsewhere.code, elsewhere.verifier)).rejects.toMatchObject(over);
    expect(await people.exchangeCode((await returned("vic", hosts.hello)).code, "v")).toMatchObject({
      error: "invalid_grant",
    });
    await expect(finish(hosts.absent, "x", "x")).rejects.toMatchObject(over);
    expect((await people.auditOf("vic")).filter(([operation]) => operation === "sign-in/Replay").length).toBe(3);
  });

  it("is out everywhere once an administrator signs them out", async () => {
    const value = await signedIn("vic");
    expect(await isAt(hosts.hello, session(value))).toBe("allowed");
    const { PeopleService } = await import("../../../gen/biplane/identity/v1/identity_pb.js");
    await createClient(PeopleService, people.region.transport).revokeSignIns({ subject: "vic@acme.test" }, admin);
    await until(async () => (await isAt(hosts.hello, session(value))) === "signIn", 10_000);
  });
});
