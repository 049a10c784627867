import { describe, expect, it } from "vitest";
import { goodAzureTarget } from "../../testing/good-azure.ts";
import { attempt } from "../attempt.ts";
import { readsOf } from "./client.ts";
import { readAzureCreations } from "./creations.ts";
import { identityId } from "./places.ts";

const target = goodAzureTarget;
const now = Date.parse("2026-06-01T00:00:00Z");
const daysAgo = (days: number) => new Date(now - days * 24 * 3600 * 1000).toISOString();
const [admin, user] = [target.identities.admin, target.identities.user].map((name) => identityId(target, name)) as [
  string,
  string,
];
const claims = (more: Record<string, string> = {}) => ({
  "http://schemas.microsoft.com/identity/claims/tenantid": target.tenant,
  "http://schemas.microsoft.com/identity/claims/objectidentifier": "ann-id",
  name: "Ann",
  ...more,
});

const event = (resourceId: string, more: object = {}) => ({
  ...{ eventDataId: "e", eventTimestamp: daysAgo(1), resourceId, caller: "ann@acme.test", claims: claims() },
  operationName: { value: "Microsoft.ManagedIdentity/userAssignedIdentities/WRITE" },
  ...{ status: { value: "Succeeded" }, subStatus: { value: "Created" } },
  ...more,
});

interface World {
  resources?: object[];
  /** Pages of events, by the resource that is asked about; a page that is a number is an answer's status. */
  events?: (id: string) => (object[] | number)[];
}

const listed = [admin, user].map((id) => ({ id, createdTime: daysAgo(1) }));

async function read({ resources = listed, events = (id) => [[event(id)]] }: World = {}) {
  const asked: URLSearchParams[] = [];
  const reads = readsOf({
    ...{ manager: "https://manager.test", blobs: "https://blobs.test", token: async () => "t", backoffMs: 0 },
    async send(url) {
      const { pathname, searchParams } = new URL(url);
      if (pathname.endsWith("/resources")) return Response.json({ value: resources });
      asked.push(searchParams);
      const id = /resourceUri eq '([^']+)'/.exec(searchParams.get("$filter") ?? "")?.[1] ?? "";
      const at = Number(searchParams.get("page") ?? 0);
      const pages = events(id);
      const page = pages[at] ?? [];
      if (typeof page === "number") return Response.json({ error: { code: "No", message: "no" } }, { status: page });
      searchParams.set("page", String(at + 1));
      const nextLink = `https://manager.test${pathname}?${searchParams}`;
      return Response.json({ value: page, ...(at + 1 < pages.length ? { nextLink } : {}) });
    },
  });
  const fact = await attempt("activity log", () => readAzureCreations(reads, target, now));
  return { fact, asked, reason: fact.read ? "read" : fact.reason, value: fact.read ? fact.value : [] };
}

describe("who made an identity", () => {
  it("is told by every call that asked for its name, to the last page, and by object ids alone", async () => {
    const own = target.ownPrincipals[0] ?? "";
    const { value, asked, fact } = await read({
      events: (id) => [
        [event(id, { status: { value: "Started" }, subStatus: { value: "" } }), event(`${id}2`)],
        [
          event(id, { operationName: { value: "Microsoft.ManagedIdentity/userAssignedIdentities/delete" } }),
          event(id.toUpperCase(), { eventDataId: "last", claims: claims({ groups: `other, ${own.toUpperCase()}` }) }),
        ],
      ],
    });
    expect(value.map(({ id }) => id)).toEqual([admin, user]);
    expect(value[0]?.calls.map(({ eventId, status, answer }) => [eventId, status, answer])).toEqual([
      ["e", "Started", ""],
      ["last", "Succeeded", "Created"],
    ]);
    expect(value[0]?.calls[1]?.by).toEqual({ tenant: target.tenant, object: "ann-id", ownGroups: [own.toUpperCase()] });
    expect(JSON.stringify(fact)).not.toMatch(/ann@|"Ann"|other/);
    expect(asked[0]?.get("$filter")).toBe(
      `eventTimestamp ge '2026-05-30T23:55:00.000Z' and eventTimestamp le '2026-05-31T00:05:00.000Z' and resourceUri eq '${admin}'`,
    );
  });

  it("is not told of what is older than the log, without a question to it", async () => {
    const old = listed.map((one) => ({ ...one, createdTime: daysAgo(91) }));
    const { reason, asked } = await read({ resources: old });
    expect(reason).toContain("the activity log keeps 90 days");
    expect(asked).toEqual([]);
  });

  it("is asked about no time before the log begins", async () => {
    const { asked } = await read({ resources: listed.map((one) => ({ ...one, createdTime: daysAgo(89.999) })) });
    expect(asked[0]?.get("$filter")).toContain("ge '2026-03-03T00:01:00.000Z'");
  });

  it.each<[string, (id: string) => object[]]>([
    ["there is no event", () => []],
    ["the call failed", (id) => [event(id, { status: { value: "Failed" }, subStatus: { value: "Conflict" } })]],
    ["it only changed what was there", (id) => [event(id, { subStatus: { value: "OK" } })]],
    ["it is another identity's", (id) => [event(`${id}2`)]],
    ["it only began", (id) => [event(id, { status: { value: "Accepted" } })]],
  ])("is not told when %s", async (_, events) => {
    expect((await read({ events: (id) => [events(id)] })).reason).toMatch(
      /^NotTold: no call that made .*, or not yet$/,
    );
  });

  it.each<[string, World, string]>([
    ["the log names nobody", { events: (id) => [[event(id, { claims: null })]] }, "does not tell by whom"],
    ["it names no tenant", { events: (id) => [[event(id, { claims: { name: "x" } })]] }, "does not tell by whom"],
    ["the last identity is missing", { resources: listed.slice(0, 1) }, "is in no list"],
    ["Azure tells no date", { resources: listed.map(({ id }) => ({ id })) }, "tells no date"],
    ["a page is refused", { events: (id) => [[event(id)], 403] }, "403 No"],
  ])("is not told when %s", async (_, world, words) => {
    expect((await read(world)).reason).toContain(words);
  });
});
