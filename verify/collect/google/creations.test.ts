import { describe, expect, it } from "vitest";
import { type Google, google } from "../../../shared/google.ts";
import { attempt } from "../attempt.ts";
import { readsOf } from "./client.ts";
import { readGoogleCreations } from "./creations.ts";

const emailOf = (name: string) => `${name}@acme-data.iam.gserviceaccount.com`;
const [admin, user, deployer] = [emailOf("admin"), emailOf("user"), emailOf("deployer")];
const accounts = () => [
  { email: admin, uniqueId: "101" },
  { email: user, uniqueId: "102" },
  { email: deployer, uniqueId: "103" },
];
const required = "projects/acme-data/locations/europe-west4/buckets/_Required";
const buckets = () => [{ name: required }, { name: "projects/acme-data/locations/global/buckets/_Default" }];

interface EntryOf {
  of?: string;
  id?: string;
  code?: number;
  who?: object;
  payload?: object;
}

function entry({
  of = admin,
  id = "101",
  code,
  who = { principalEmail: "ann@acme.test" },
  payload = {},
}: EntryOf = {}) {
  return {
    ...{ insertId: `i-${id}-${code ?? 0}`, timestamp: "2026-05-31T00:00:00Z" },
    protoPayload: {
      ...{ serviceName: "iam.googleapis.com", methodName: "google.iam.admin.v1.CreateServiceAccount" },
      authenticationInfo: who,
      ...(code ? { status: { code, message: "no" } } : { status: {}, response: { email: of, unique_id: id } }),
      request: { account_id: of.split("@")[0] },
      ...payload,
    },
  };
}
const good = () => [entry(), entry({ of: user, id: "102", who: { principalEmail: deployer } })];

interface World {
  /** Of entries; one that is a status is refused. */
  pages?: (object[] | number)[];
  held?: { email: string; uniqueId: string }[];
  logBuckets?: object[];
}

const now = Date.parse("2026-06-01T00:00:00Z");

function read({ pages = [good()], held = accounts(), logBuckets = buckets() }: World = {}) {
  const asked: { resourceNames: string[]; filter: string; pageToken?: string }[] = [];
  const client: Google = google({
    ...{ token: async () => "t", env: { GOOGLE_ENDPOINT_URL: "http://fake" }, backoffMs: 0 },
    async send(url, { body }) {
      const { pathname } = new URL(url);
      if (pathname.endsWith("/serviceAccounts")) return Response.json({ accounts: held });
      if (pathname.endsWith("/buckets")) return Response.json({ buckets: logBuckets });
      if (pathname.endsWith(":getIamPolicy"))
        return Response.json({
          bindings: [{ role: `on ${pathname.split("/").at(-1)}`, members: ["user:ann@acme.test"] }],
        });
      const question = JSON.parse(String(body));
      asked.push(question);
      const at = Number(question.pageToken ?? 0);
      const page = pages[at];
      if (typeof page === "number") return Response.json({ error: { message: "no" } }, { status: page });
      return Response.json({ entries: page, ...(at + 1 < pages.length ? { nextPageToken: String(at + 1) } : {}) });
    },
  });
  const told = attempt("entries:list", () => readGoogleCreations(readsOf(client), "acme-data", [admin, user], now));
  return { asked, told };
}

const reasonOf = async (world: World) => {
  const fact = await read(world).told;
  return fact.read ? "read" : fact.reason;
};
const byOf = async (who: object) => {
  const fact = await read({ pages: [[entry({ who }), ...good().slice(1)]] }).told;
  return fact.read ? fact.value[0]?.calls[0]?.by : fact.reason;
};

describe("who made a service account", () => {
  it("is told by the call that made the account that is there now, from the last of all pages", async () => {
    const { told, asked } = read({
      pages: [[entry({ code: 7 }), entry({ of: emailOf("other"), id: "101x" })], [], [entry({ id: "99" }), ...good()]],
    });
    const fact = await told;
    const at = "2026-05-31T00:00:00Z";
    const by = { member: "user:ann@acme.test", through: [] };
    expect(fact.read && fact.value).toEqual([
      {
        ...{ email: admin, uniqueId: "101" },
        calls: [
          { insertId: "i-101-7", at, error: "7 no", by },
          { insertId: "i-99-0", at, madeId: "99", by },
          { insertId: "i-101-0", at, madeId: "101", by },
        ],
      },
      {
        ...{ email: user, uniqueId: "102" },
        calls: [
          {
            ...{ insertId: "i-102-0", at, madeId: "102" },
            by: {
              ...{ member: `serviceAccount:${deployer}`, through: [] },
              bindings: [{ role: expect.stringContaining("deployer"), members: ["user:ann@acme.test"] }],
            },
          },
        ],
      },
    ]);
    expect(asked.map(({ pageToken }) => pageToken)).toEqual([undefined, "1", "2"]);
    for (const { resourceNames, filter } of asked) {
      expect(resourceNames).toEqual([`${required}/views/_AllLogs`]);
      expect(filter).toBe(
        'logName="projects/acme-data/logs/cloudaudit.googleapis.com%2Factivity" AND ' +
          'protoPayload.methodName="google.iam.admin.v1.CreateServiceAccount" AND timestamp>="2025-04-27T00:00:00.000Z"',
      );
    }
  });

  it("names who acted as whom, and who has no e-mail by what the log has for them", async () => {
    const through = [
      { firstPartyPrincipal: { principalEmail: "staff@vendor.test" } },
      { principalSubject: "principal://iam.googleapis.com/projects/1/x" },
      {},
    ];
    expect(await byOf({ principalEmail: "ann@acme.test", serviceAccountDelegationInfo: through })).toEqual({
      member: "user:ann@acme.test",
      through: ["user:staff@vendor.test", "principal://iam.googleapis.com/projects/1/x", "somebody who is not told"],
    });
    const pool = "//iam.googleapis.com/locations/global/workforcePools/p/subject/ann@acme.test";
    expect(await byOf({ principalEmail: pool })).toMatchObject({ member: `principal:${pool}` });
    expect(await byOf({ principalSubject: `principal:${pool}` })).toMatchObject({ member: `principal:${pool}` });
    expect(await byOf({})).toMatchObject({ member: "somebody who is not told" });
    // Of another project: its policy is nobody's business here, and the check refuses it by its name.
    const other = "onboarding@vendor-ops.iam.gserviceaccount.com";
    expect(await byOf({ principalEmail: other })).toEqual({ member: `serviceAccount:${other}`, through: [] });
  });

  it.each<[string, object[]]>([
    ["there is no entry", []],
    ["there is one of another account", [entry({ of: emailOf("other") })]],
    ["there is one of an earlier account of that name", [entry({ id: "99" })]],
    ["the call failed", [entry({ code: 6 })]],
    ["another service has a method of that name", [entry({ payload: { serviceName: "x.googleapis.com" } })]],
    ["it is another method", [entry({ payload: { methodName: "google.iam.admin.v1.DeleteServiceAccount" } })]],
  ])("is not told when %s", async (_, entries) => {
    const reason = await reasonOf({ pages: [[...entries, ...good().slice(1)]] });
    expect(reason).toMatch(/^NotTold: no call that made admin@.* \(101\) is in the 400 days that the log keeps$/);
  });

  it("is not told when an account is not there, nor when the project's one that called has gone", async () => {
    expect(await reasonOf({ held: accounts().slice(1) })).toContain(
      `NotTold: acme-data has no service account ${admin}`,
    );
    expect(await reasonOf({ held: accounts().slice(0, 2) })).toContain("whom it trusted is not told");
  });

  it("is not told when the log's bucket is not, a page is refused, or an entry is none", async () => {
    expect(await reasonOf({ logBuckets: buckets().slice(1) })).toContain("NotTold: acme-data tells of no log bucket");
    expect(await reasonOf({ pages: [good(), 403] })).toMatch(/^GoogleError: .*403/);
    expect(await reasonOf({ pages: [[{ insertId: 7 }]] })).toContain("ZodError");
  });
});
