import { describe, expect, it } from "vitest";
import { CloudflareError } from "./api.ts";
import { type Answer, apiBy, desired, done, pageOf, problem, right, rightIngress, token } from "./testing/tunnels.ts";

const { accountId, zoneId, tunnelId, host } = desired;
const ingressOf = (answer: Answer) => apiBy(() => answer).api.ingress(accountId, tunnelId);
const recordsOf = (answer: (path: string) => Answer) =>
  apiBy((_method, path) => answer(path)).api.records(zoneId, host);
const tunnelOf = (answer: Answer) => apiBy(() => answer).api.tunnel(accountId, tunnelId);

async function failure(asked: Promise<unknown>): Promise<CloudflareError> {
  const error = await asked.then(
    (value) => new Error(`it counted: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CloudflareError)) throw error;
  return error;
}

it("shows the token in the header, to the paths of the account and of the zone", async () => {
  const { api, asked } = apiBy((_method, path) =>
    path.startsWith("/zones") ? pageOf([right]) : done({ id: tunnelId }),
  );
  await api.tunnel(accountId, tunnelId);
  expect(await api.records(zoneId, host)).toEqual([right]);
  expect(asked.map(({ path }) => path)).toEqual([
    `/accounts/account/cfd_tunnel/${tunnelId}`,
    "/zones/zone/dns_records?name.exact=*.apps.acme.example.com&per_page=100&page=1",
  ]);
  expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${token}`]));
});

it("knows how a tunnel stands, and one that was deleted", async () => {
  expect(await tunnelOf(done({ id: tunnelId, status: "down", deleted_at: null }))).toEqual({
    state: "down",
    deleted: false,
  });
  expect(await tunnelOf(done({ id: tunnelId, status: "odd", deleted_at: "0001-01-01T00:00:00Z" }))).toEqual({
    ...{ state: "unknown", deleted: false },
  });
  expect(await tunnelOf(done({ id: tunnelId, status: "down", deleted_at: "2026-01-02T03:04:05Z" }))).toMatchObject({
    deleted: true,
  });
});

it("takes a configuration that was never put for one without a route", async () => {
  expect(await ingressOf(done({ tunnel_id: tunnelId, config: null }))).toEqual([]);
  expect(await ingressOf(done({ tunnel_id: tunnelId, config: { ingress: rightIngress } }))).toEqual(rightIngress);
});

describe("an answer does not count", () => {
  it.each<[string, Answer]>([
    [
      "of no success",
      [200, { success: false, errors: [], messages: [], result: { tunnel_id: tunnelId, config: null } }],
    ],
    ["without a result", done(null)],
    ["without a configuration", done({ tunnel_id: tunnelId })],
    ["of another tunnel", done({ tunnel_id: "another", config: null })],
    ["that is cut off", [200, '{"success":true,"result":{"tunnel_id"']],
    ["that is a page of HTML", [200, "<html>"]],
    ["that is empty", [200, ""]],
    ["with a rule that leads nowhere", done({ tunnel_id: tunnelId, config: { ingress: [{ hostname: host }] } })],
  ])("%s", async (_what, answer) => {
    expect(await failure(ingressOf(answer))).toMatchObject({ malformed: true });
  });

  it.each<[string, (path: string) => Answer]>([
    ["without its pages told", () => done([])],
    ["whose records are fewer than it tells", () => pageOf([right], 1, 1, 2)],
    [
      "that ends before its last page",
      (path) => (path.endsWith("page=1") ? pageOf([right], 1, 2, 2) : pageOf([], 2, 2, 2)),
    ],
    ["that repeats its first page", () => pageOf([right], 1, 2, 2)],
    ["of pages without an end", (path) => pageOf([right], Number(path.split("=").at(-1)), 1_000, 100_000)],
    ["with a record without a name", () => pageOf([{ ...right, name: undefined }])],
    ["whose record's id would be another path", () => pageOf([{ ...right, id: "../../zones" }])],
  ])("of records %s", async (_what, answer) => {
    expect(await failure(recordsOf(answer))).toMatchObject({ malformed: true });
  });
});

it("asks for no more pages than a name can have", async () => {
  const { api, asked } = apiBy((_method, path) => pageOf([right], Number(path.split("=").at(-1)), 1_000, 100_000));
  await failure(api.records(zoneId, host));
  expect(asked).toHaveLength(1);
});

it("gathers all pages of a name", async () => {
  const second = { ...right, id: "r2" };
  const pages = (path: string) => (path.endsWith("page=1") ? pageOf([right], 1, 2, 2) : pageOf([second], 2, 2, 2));
  expect(await recordsOf(pages)).toEqual([right, second]);
  expect(await recordsOf(() => pageOf([], 1, 0, 0))).toEqual([]);
});

describe("a refusal", () => {
  it.each([401, 403, 404, 429, 500])("%i is told with the API's own words and without the token", async (status) => {
    const error = await failure(ingressOf(problem(status, 10000, "Authentication error")));
    expect(error).toMatchObject({ status, malformed: false });
    expect(error.message).toContain("10000 Authentication error");
    expect(String(error.stack) + JSON.stringify(error)).not.toContain(token);
  });

  it("says how long it wants to be left alone", async () => {
    const [status, body] = problem(429, 971, "Please wait");
    expect((await failure(ingressOf([status, body, { "retry-after": "300" }]))).retryAfterMs).toBe(300_000);
  });

  it("is asked again where the trouble passes, but a record is made once", async () => {
    const { api, asked } = apiBy(() => problem(503, 1, "busy"));
    await failure(api.ingress(accountId, tunnelId));
    expect(asked).toHaveLength(3);
    await failure(api.createRecord(zoneId, right));
    expect(asked.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it("of nobody is one of status 0", async () => {
    const { api } = apiBy(() => {
      throw new TypeError("fetch failed");
    });
    expect(await failure(api.ingress(accountId, tunnelId))).toMatchObject({ status: 0, malformed: false });
  });
});
