/** Against IAM in memory: it answers as the API does, and judges nothing. */
import { afterEach, describe, expect, it } from "vitest";
import {
  type Answered,
  type GoogleServer,
  problem,
  startGoogleServer,
} from "../../../services/shared/testing/google-server.ts";
import { attempt } from "../attempt.ts";
import { readGoogleAccounts } from "./accounts.ts";
import { readsOf } from "./client.ts";

let server: GoogleServer | undefined;
afterEach(() => server?.close());

const parent = "/v1/projects/acme-data/serviceAccounts";
const emailOf = (at: number) => `account-${at}@acme-data.iam.gserviceaccount.com`;
const binding = {
  role: "roles/iam.workloadIdentityUser",
  members: ["serviceAccount:acme-data.svc.id.goog[union/executor]"],
};

/** @param broken answers a call in place of the API */
async function read(count: number, broken: (call: string) => Answered | undefined = () => undefined) {
  server = await startGoogleServer(({ method, target }) => {
    const { pathname, searchParams } = new URL(target, "http://stand-in");
    const wrong = broken(`${method} ${target}`);
    if (wrong) return wrong;
    if (pathname === parent) {
      const at = Number(searchParams.get("pageToken") ?? 0);
      const accounts = Array.from({ length: Math.min(2, count - at) }, (_, index) => ({ email: emailOf(at + index) }));
      return [
        200,
        { ...(accounts.length ? { accounts } : {}), ...(at + 2 < count ? { nextPageToken: `${at + 2}` } : {}) },
      ];
    }
    if (pathname.endsWith("/keys")) {
      return [
        200,
        pathname.includes("account-1")
          ? { keys: [{ name: "projects/acme-data/…/keys/k", keyType: "USER_MANAGED" }] }
          : {},
      ];
    }
    const condition = { title: "t", expression: "true" };
    if (pathname.endsWith(":getIamPolicy"))
      return [200, { etag: "e", version: 3, bindings: [{ ...binding, condition }] }];
    return problem(404, "not served");
  });
  const { client } = server;
  return attempt("iam", () => readGoogleAccounts(readsOf(client), "acme-data"));
}

describe("the service accounts of a project", () => {
  it("are read to the last page, with keys that somebody made and the policy on each", async () => {
    const fact = await read(5);
    const found = fact.read ? fact.value : expect.unreachable("it was read");
    expect(found.map(({ email }) => email)).toEqual([0, 1, 2, 3, 4].map(emailOf));
    expect(found.map(({ userKeys }) => userKeys.length)).toEqual([0, 1, 0, 0, 0]);
    expect(found[0]?.bindings).toEqual([{ ...binding, condition: "true" }]);
    expect(
      server?.asked.filter((call) => call.includes("/keys")).every((call) => call.endsWith("keyTypes=USER_MANAGED")),
    ).toBe(true);
  });

  it("are none where the project has none", async () => expect(await read(0)).toMatchObject({ read: true, value: [] }));

  it.each<[string, RegExp, Answered]>([
    [
      "the list is refused",
      /serviceAccounts\?pageSize=100$/,
      problem(403, "Permission iam.serviceAccounts.list denied"),
    ],
    ["the second page fails", /pageToken=2/, problem(500, "internal")],
    ["one account's keys are refused", /account-3.*\/keys/, problem(403, "Permission denied")],
    ["one account's policy is gone", /account-4.*getIamPolicy/, problem(404, "not found")],
    ["an answer is no answer", /account-0.*\/keys/, [200, { keys: "none" }]],
    ["there are too many calls", /account-2.*\/keys/, problem(429, "quota")],
  ])("are a recorded gap and no value when %s", async (_, call, answer) => {
    const fact = await read(5, (asked) => (call.test(asked) ? answer : undefined));
    expect(fact).toEqual({ read: false, request: "iam", reason: expect.stringMatching(/^(GoogleError|ZodError): /) });
  });
});
