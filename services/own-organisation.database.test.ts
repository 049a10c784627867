/** How an organisation bounds what the region reads: by every statement that a call brings about, and by what is answered. */
import { randomUUID } from "node:crypto";
import { type DescMethod, type Message, toJsonString } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import fc from "fast-check";
import { generateKeyPair, importPKCS8, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AuthorizerService } from "../gen/biplane/policy/v1/policy_pb.js";
import { Sort_Direction } from "../gen/flyteidl2/common/list_pb.js";
import { RunService } from "../gen/flyteidl2/workflow/run_service_pb.js";
import { evidenceFor, ofRegion } from "../test/support/evidence.ts";
import { insertRun } from "./control/store/runs.ts";
import { insertTask } from "./control/store/tasks.ts";
import { addApp, addChild, addCondition, addTrigger, helloTask, newRun } from "./control/store/testing/fixtures.ts";
import type { Statement } from "./shared/testing/watched-database.ts";
import { type Person, passes, people, requestFor, staff, withoutOrg } from "./testing/matrix.ts";
import { answersOf, closed, nameOf, probe } from "./testing/public-methods.ts";
import { type RegionWorld, startRegionWorld } from "./testing/region-world.ts";
import { letIn } from "./testing/staff.ts";

const { proves } = evidenceFor("services/own-organisation", ofRegion);
const orgs = ["acme", "globex"] as const;
type Org = (typeof orgs)[number];
/** An API key is looked up by its hash, before the organisation is known. */
const callers = people.filter((person) => person !== "key" && person !== "runner");

let world: RegionWorld;
const tokens = new Map<string, string>();
const made: Statement[] = [];
/** What asking for a caller's authority takes, whoever it is. */
let deciding: Set<string>;

beforeAll(async () => {
  world = await startRegionWorld({ statement: (one) => made.push(one) });
  for (const org of orgs) {
    for (const role of ["support", "operator"] as const)
      tokens.set(`${org} ${role}`, await (await letIn(world, org, role)).token());
    for (const person of callers.filter((one) => !staff.includes(one)))
      tokens.set(`${org} ${person}`, await world.signIn(`${org}-${person}`));
    await fill(org);
  }
  const authorizer = createClient(AuthorizerService, world.inside.identity);
  const asked = await heard(async () => {
    for (const token of tokens.values())
      await authorizer.resolve({}, { headers: { authorization: `Bearer ${token}` } });
  });
  deciding = new Set(asked.map(({ text }) => text));
});
afterAll(() => world.stop());
beforeEach(async () => {
  for (const org of orgs) {
    await addTrigger(world.store, org);
    await addApp(world.store, org);
  }
});

/** The same names in both, so that nothing but the organisation tells them apart. */
async function fill(org: Org): Promise<void> {
  const { store } = world;
  await insertRun(store.database, org, newRun(org));
  await addChild(store, org, "n1");
  await addCondition(store, org, "c1");
  const { project, domain, version, shortName, environment, spec } = helloTask;
  await insertTask(store.database, org, {
    key: { project, domain, name: "hello", version },
    ...{ shortName, environment, spec, description: `of ${org}`, entrypoint: true },
    deployedBy: { subject: `${org}-admin`, kind: "application" },
  });
}

async function heard(work: () => Promise<unknown>): Promise<Statement[]> {
  made.length = 0;
  await work();
  return made.splice(0);
}

const place = (org: string) => ({ org, project: "demo", domain: "development", name: "hello" });
const headersOf = (org: Org, person: Person) => ({ authorization: `Bearer ${tokens.get(`${org} ${person}`)}` });
const call = (method: DescMethod, message: Message, headers: Record<string, string>) =>
  probe(world.transport, { method, message, headers });
const ask = (method: DescMethod, at: string, headers: Record<string, string>) =>
  heard(() => call(method, requestFor(method, place(at)), headers));

it("hears of every statement: no service has another way to the database", async () => {
  const sessions = await world.store.database.withOrg("acme", (transaction) =>
    transaction.query<{ name: string }>(
      `select distinct application_name as name from pg_stat_activity
       where datname = current_database() and usename = current_user order by 1`,
    ),
  );
  // The second only listens for what changes.
  expect(sessions.map(({ name }) => name)).toEqual(["test", "test hub"]);
});

const recording = /^\s*insert into biplane\.audit_records\b/;
/** What a statement does beside deciding and recording. */
const beyondDeciding = (statements: Statement[]) =>
  statements.filter(({ text }) => !deciding.has(text) && !recording.test(text)).map(({ text }) => text);
const settingsOf = (statements: Statement[]) => [
  ...new Set(statements.map(({ settings }) => JSON.stringify(settings))),
];

const may = (method: DescMethod, person: Person) => {
  const those = passes[nameOf(method)];
  return those !== "open" && those?.includes(person) === true;
};

describe("a call that is denied", () => {
  it.each(callers)(
    "of a %s, for want of a role, reads and writes nothing but the decision and its record",
    async (who) => {
      proves(
        ["rbac-authorized-before-data-access"],
        "the same caller's calls that are allowed are seen to read more than the decision",
      );
      const denied = closed.filter((method) => !may(method, who));
      for (const method of denied) {
        const statements = await ask(method, "acme", headersOf("acme", who));
        expect([nameOf(method), beyondDeciding(statements)]).toEqual([nameOf(method), []]);
        expect(statements.filter(({ text }) => recording.test(text)).length, nameOf(method)).toBe(1);
      }
      const allowed = await ask(RunService.method.getRunDetails, "acme", headersOf("acme", who));
      expect(beyondDeciding(allowed)).not.toEqual([]);
    },
  );

  it.each(callers)(
    "of another organisation's %s makes no statement of this one, and none of what it names",
    async (who) => {
      proves(
        ["tenant-org-check-before-sql"],
        "the organisation's own viewer, given to the same judgement, is seen to read by the same name",
      );
      for (const method of closed.filter(({ parent }) => !withoutOrg.includes(parent.name))) {
        const statements = await ask(method, "acme", headersOf("globex", who));
        expect([nameOf(method), beyondDeciding(statements)]).toEqual([nameOf(method), []]);
        expect(settingsOf(statements)).toEqual([JSON.stringify({ "biplane.org": "globex" })]);
      }
      const own = await ask(RunService.method.getRunDetails, "acme", headersOf("acme", "viewer"));
      expect(beyondDeciding(own)).not.toEqual([]);
      expect(settingsOf(own)).toEqual([JSON.stringify({ "biplane.org": "acme" })]);
    },
  );

  const claims = { org: "acme", role: "admin", kind: "application" };
  const signed = async (change: object, key?: Awaited<ReturnType<typeof importPKCS8>>) =>
    new SignJWT({ sub: "acme-admin", ...claims, jti: randomUUID(), ...change })
      .setProtectedHeader({ alg: "ES256", kid: world.keyId, typ: "at+jwt" })
      .setIssuer(world.issuer)
      .setAudience(world.issuer)
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(key ?? (await importPKCS8(world.signingKey, "ES256")));
  const unsigned = () =>
    new UnsecuredJWT({ ...claims, sub: "acme-admin" })
      .setIssuer(world.issuer)
      .setAudience(world.issuer)
      .setIssuedAt()
      .setExpirationTime("5m")
      .encode();
  it.each<[string, () => Promise<string> | string | undefined]>([
    ["no token", () => undefined],
    ["a token without an organisation", () => signed({ org: undefined })],
    ["a token of an empty organisation", () => signed({ org: "" })],
    ["a token signed by another key", async () => signed({}, (await generateKeyPair("ES256")).privateKey)],
    ["a token without a signature", unsigned],
  ])("for %s makes no statement at all", async (_what, make) => {
    proves(
      ["tenant-org-check-before-sql"],
      "the same call with a good token, by the same key, is seen to make statements",
    );
    const token = await make();
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    for (const method of closed) {
      const { code } = await call(method, requestFor(method, place("acme")), headers);
      expect([nameOf(method), code]).toEqual([nameOf(method), "Unauthenticated"]);
      expect([nameOf(method), await ask(method, "acme", headers)]).toEqual([nameOf(method), []]);
    }
    const good = { authorization: `Bearer ${await signed({})}` };
    expect(await ask(RunService.method.getRunDetails, "acme", good)).not.toEqual([]);
  });
});

describe("a call that is allowed", () => {
  it("is recorded, where it changes something, before the first statement of what it changes", async () => {
    proves(
      ["rbac-authorized-before-data-access"],
      "the statements turned round, given to the same judgement, begin with the data",
    );
    const premature = (statements: Statement[]) => {
      const record = statements.findIndex(({ text }) => recording.test(text));
      return record < 0 ? statements.length : beyondDeciding(statements.slice(0, record)).length;
    };
    const seen: Statement[][] = [];
    for (const method of [RunService.method.abortAction, RunService.method.abortRun]) {
      const statements = await ask(method, "acme", headersOf("acme", "admin"));
      expect([nameOf(method), premature(statements)]).toEqual([nameOf(method), 0]);
      seen.push(statements);
    }
    expect(beyondDeciding(seen.flat())).not.toEqual([]);
    expect(premature(seen.flat().toReversed())).toBeGreaterThan(0);
  });
});

describe("what a query can return", () => {
  /** Of a statement: which of the tenants' tables it names without saying whose rows. */
  const unbound = ({ text }: Statement) => {
    const tables = [...text.matchAll(/\b(?:from|join|into|update)\s+biplane\.(\w+)/g)].map(([, table]) => table);
    const bound =
      /\borg = (?:\$\d|\w+\.org\b)/.test(text) || /insert into biplane\.\w+(?: as \w+)?\s*\(\s*org\b/.test(text);
    return bound ? [] : tables;
  };

  it("by every RPC, is the caller's own organisation's: each statement says so, and so does row-level security", async () => {
    proves(
      ["tenant-query-own-org-only", "tenant-no-internal-cross-org-path"],
      "a statement without its organisation, and one under another's setting, are found by the same judgement",
    );
    for (const org of orgs) {
      const statements = await heard(async () => {
        for (const method of closed) await call(method, requestFor(method, place(org)), headersOf(org, "admin"));
      });
      expect(statements.length).toBeGreaterThan(closed.length);
      expect(statements.flatMap(unbound)).toEqual([]);
      expect(settingsOf(statements)).toEqual([JSON.stringify({ "biplane.org": org })]);
      await addTrigger(world.store, org);
      await addApp(world.store, org);
    }
    expect(unbound({ settings: {}, text: "select * from biplane.runs r where r.run = $1" })).toEqual(["runs"]);
    expect(settingsOf([{ settings: { "biplane.org": "globex" }, text: "" }])).not.toEqual([
      JSON.stringify({ "biplane.org": "acme" }),
    ]);
  });

  it("by every RPC, names nobody else in what is answered", async () => {
    proves(["tenant-query-own-org-only"], "the other organisation's own answers are found to name it");
    const reading = closed.filter((method) => may(method, "viewer"));
    const told = { acme: "", globex: "" };
    for (const org of orgs)
      for (const method of reading) {
        const asked = { method, message: requestFor(method, place(org)), headers: headersOf(org, "admin") };
        for (const answer of await answersOf(world.transport, asked)) told[org] += toJsonString(method.output, answer);
      }
    expect(told.acme).not.toContain("globex");
    expect(told.globex).not.toContain("acme");
    expect(told.acme).toContain("s3://metadata/acme");
    expect(told.globex).toContain("s3://metadata/globex");
  });

  it("is exactly what was put there for the same organisation, whatever both have and whatever is asked", async () => {
    proves(["tenant-query-own-org-only"], "what both have together is not what one is told");
    const runs = createClient(RunService, world.transport);
    const has = { acme: new Set(["hello"]), globex: new Set(["hello"]) };
    const name = fc.stringMatching(/^[ab][0-9]{1,2}$/);
    const data = fc.array(fc.record({ org: fc.constantFrom(...orgs), run: name }), { maxLength: 6 });
    const query = fc.record({
      direction: fc.constantFrom(Sort_Direction.ASCENDING, Sort_Direction.DESCENDING),
      scope: fc.constantFrom("org", "projectId"),
      named: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(data, query, async (more, { direction, scope, named }) => {
        for (const { org, run } of more) {
          await insertRun(world.store.database, org, newRun(org, { project: "demo", domain: "development", run }));
          has[org].add(run);
        }
        for (const org of orgs) {
          const value = named ? org : "";
          const scopeBy =
            scope === "org"
              ? { case: "org" as const, value }
              : { case: "projectId" as const, value: { organization: value, name: "demo", domain: "development" } };
          const request = { limit: 1000, sortBy: { key: "created_at", direction } };
          const { runs: found } = await runs.listRuns({ request, scopeBy }, { headers: headersOf(org, "admin") });
          const told = found.map(({ action }) => action?.id?.run);
          expect(new Set(told.map((run) => run?.org))).toEqual(new Set([org]));
          expect(told.map((run) => run?.name ?? "").sort()).toEqual([...has[org]].sort());
        }
      }),
      { numRuns: 25 },
    );
    expect([...has.acme, ...has.globex].length).toBeGreaterThan(has.acme.size);
    expect([...has.acme].sort()).not.toEqual([...has.globex].sort());
  });
});
