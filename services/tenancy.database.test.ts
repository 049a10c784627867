/** The wall between organisations, and between roles: every public RPC, with every kind of caller, through the gateway. */
import { randomBytes, randomUUID } from "node:crypto";
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { generateKeyPair, importPKCS8, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ApiKeyService } from "../gen/biplane/identity/v1/identity_pb.js";
import { PolicyService } from "../gen/biplane/policy/v1/policy_pb.js";
import { AuthMetadataService } from "../gen/flyteidl2/auth/auth_service_pb.js";
import { publicServices } from "./control/gateway/routes.ts";
import { addApp, addTrigger } from "./control/store/testing/fixtures.ts";
import { type Person, passes, people, requestFor, staff, withoutOrg } from "./testing/matrix.ts";
import { closed, methods, nameOf, probe, services } from "./testing/public-methods.ts";
import { type RegionWorld, startRegionWorld } from "./testing/region-world.ts";
import { letIn } from "./testing/staff.ts";

let world: RegionWorld;
const tokens = new Map<string, string>();
const place = (org: string, name = "hello") => ({ org, project: "demo", domain: "development", name });

beforeAll(async () => {
  world = await startRegionWorld();
  for (const org of ["acme", "globex"]) {
    for (const role of ["support", "operator"] as const) {
      tokens.set(`${org} ${role}`, await (await letIn(world, org, role)).token());
    }
    for (const person of people.filter((one) => one !== "key" && !staff.includes(one))) {
      tokens.set(`${org} ${person}`, await world.signIn(`${org}-${person}`));
    }
    const admin = { headers: { authorization: `Bearer ${tokens.get(`${org} admin`)}` } };
    await createClient(PolicyService, world.transport).apply({ documents: runnerOf(org) }, admin);
    const { value } = await createClient(ApiKeyService, world.transport).createApiKey({ name: "matrix" }, admin);
    tokens.set(`${org} key`, value);
  }
});
afterAll(() => world.stop());

function runnerOf(org: string) {
  const actions = ["view_flyte_inventory", "view_flyte_executions", "create_flyte_executions"];
  const bindings = [{ role: "runner", project: "demo", domain: "development" }];
  return [
    { document: { case: "role" as const, value: { name: "runner", actions } } },
    { document: { case: "policy" as const, value: { name: "runners", bindings } } },
    {
      document: {
        case: "assignment" as const,
        value: { policy: "runners", assignees: { applications: [`${org}-runner`] } },
      },
    },
  ];
}

async function call(method: DescMethod, message: Message, token?: string): Promise<{ code: string; said: string }> {
  const authorization = token?.includes(" ") ? token : `Bearer ${token}`;
  const headers: Record<string, string> = token === undefined ? {} : { authorization };
  return probe(world.transport, { method, message, headers });
}

const tokenOf = (org: string, person: Person) => tokens.get(`${org} ${person}`);
const walls = new Set(["Unauthenticated", "PermissionDenied"]);

it("covers every method of every service that the gateway shows", () => {
  expect(methods.map(nameOf).sort()).toEqual(Object.keys(passes).sort());
  expect(publicServices().filter((name) => !services.some(({ typeName }) => typeName === name))).toEqual([]);
});

describe.each(people)("a %s", (person) => {
  // The ones before have deleted them, as they may.
  beforeEach(async () => {
    await addTrigger(world.store, "acme");
    await addApp(world.store, "acme");
  });

  it("passes in its own organisation exactly where the table says", async () => {
    const answers = await Promise.all(
      closed.map(async (method) => {
        const { code } = await call(method, requestFor(method, place("acme")), tokenOf("acme", person));
        return [nameOf(method), walls.has(code) ? code : "passes"];
      }),
    );
    const expected = closed.map((method) => {
      const may = passes[nameOf(method)];
      return [nameOf(method), may !== "open" && may?.includes(person) ? "passes" : "PermissionDenied"];
    });
    expect(answers).toEqual(expected);
  });

  it("of another organisation is denied whatever names this one, and told the same of what is not there", async () => {
    const naming = closed.filter((method) => !withoutOrg.includes(method.parent.name));
    for (const method of naming) {
      const [there, absent] = await Promise.all(
        ["hello", "never-was"].map((name) =>
          call(method, requestFor(method, place("acme", name)), tokenOf("globex", person)),
        ),
      );
      expect([nameOf(method), there?.code]).toEqual([nameOf(method), "PermissionDenied"]);
      expect(there, nameOf(method)).toEqual(absent);
    }
  });

  it("of another organisation learns nothing by leaving the organisation out", async () => {
    // A project of the caller's own is made once, whatever the other organisation has.
    for (const method of closed.filter(({ name }) => name !== "CreateProject")) {
      const answers = await Promise.all(
        ["hello", "never-was"].map(async (name) => {
          const { code, said } = await call(method, requestFor(method, place("", name)), tokenOf("globex", person));
          return [nameOf(method), code, said.replaceAll(name, "<name>")];
        }),
      );
      expect(answers[0]).toEqual(answers[1]);
    }
  });
});

describe("a credential that is none", () => {
  const now = () => Math.floor(Date.now() / 1000);
  const claims = { org: "acme", role: "admin", kind: "application" };
  const signed = async (change: Record<string, unknown>, key?: Awaited<ReturnType<typeof importPKCS8>>) => {
    const standard = { iss: world.issuer, aud: world.issuer, sub: "acme-admin", iat: now(), exp: now() + 600 };
    return new SignJWT({ ...standard, ...claims, jti: randomUUID(), ...change })
      .setProtectedHeader({ alg: "ES256", kid: world.keyId, typ: "at+jwt" })
      .sign(key ?? (await importPKCS8(world.signingKey, "ES256")));
  };
  const cases: [string, () => Promise<string | undefined> | string | undefined][] = [
    ["no token", () => undefined],
    ["an expired token", () => signed({ iat: now() - 1000, exp: now() - 100 })],
    ["a token for another audience", () => signed({ aud: "https://other.test" })],
    ["what Identity states of grants", () => signed({ aud: `${world.issuer}/grants` })],
    ["a token of another issuer", () => signed({ iss: "https://other.test" })],
    ["a token signed by another key", async () => signed({}, (await generateKeyPair("ES256")).privateKey)],
    [
      "a token with alg none",
      () =>
        new UnsecuredJWT({ ...claims, sub: "acme-admin" })
          .setIssuer(world.issuer)
          .setAudience(world.issuer)
          .setIssuedAt()
          .setExpirationTime("5m")
          .encode(),
    ],
    ["a token of an organisation that its subject is not of", () => signed({ org: "globex" })],
    ["a token of a removed application", () => world.revokedToken],
    [
      "a compute plane's token by the users' issuer",
      () => signed({ role: "cluster", cluster: "main", kind: "cluster" }),
    ],
    ["staff without a session", () => signed({ kind: "staff", role: "none", sub: "sam@biplane.test" })],
    ["staff by another organisation's grant", async () => (await letIn(world, "globex", "operator")).token("acme")],
    ["staff whose grant is over", () => endedStaff("update biplane.staff_grants set expires_at = now()")],
    ["staff whose grant was taken back", () => endedStaff("update biplane.staff_grants set revoked_at = now()")],
    ["staff whose session is over", () => endedStaff("update biplane.sessions set expires_at = now()")],
    [
      "staff who say that they are a user",
      async () => signed({ kind: "user", role: "none", ...(await claimsOfStaff()) }),
    ],
    ["a password", () => `Basic ${btoa("acme-admin:secret")}`],
    ["random bytes", () => randomBytes(40).toString("base64url")],
  ];
  async function endedStaff(statement: string) {
    const { grantId, token } = await letIn(world, "acme", "operator");
    await world.store.database.withOrg("acme", (transaction) =>
      transaction.query(`${statement} where org = 'acme' and grant_id = $1`, [grantId]),
    );
    return token();
  }
  async function claimsOfStaff() {
    const { session } = await letIn(world, "acme", "operator");
    return { sub: "sam@biplane.test", sid: session };
  }
  it.each(cases)("%s opens nothing but discovery and registration", async (_what, make) => {
    const token = await make();
    for (const method of closed) {
      const { code } = await call(method, requestFor(method, place("acme")), token);
      expect([nameOf(method), code]).toEqual([nameOf(method), "Unauthenticated"]);
    }
  });

  it("is seen by the same judgement to be one when nothing is changed", async () => {
    const [first] = closed.filter(({ name }) => name === "UserInfo");
    if (!first) throw new Error("no UserInfo");
    expect((await call(first, requestFor(first, place("acme")), await signed({}))).code).toBe("Ok");
  });

  it("is not asked for by discovery", async () => {
    for (const method of methods.filter(({ parent }) => parent === AuthMetadataService)) {
      expect((await call(method, requestFor(method, place("")))).code).toBe("Ok");
    }
  });
});
