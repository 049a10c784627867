import { appendFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ActivityLog, auditView } from "./activity.ts";
import { listEntries } from "./logging.ts";
import { makeAccount } from "./service-accounts.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-activity-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newLog = () => new ActivityLog(join(folder, `${files++}.jsonl`));
const path = "/v1/projects/acme-data/serviceAccounts";
const email = "adminflyterole@acme-data.iam.gserviceaccount.com";
const anybody = () => true;

function make(
  log: ActivityLog,
  accountId = "adminflyterole",
  { allowed = anybody, principal = "user:a@acme.test", entries = {} } = {},
) {
  const body = { accountId, serviceAccount: { displayName: "Admin" } };
  const caller = { ip: "198.18.0.1", agent: "pulumi" };
  return makeAccount({ method: "POST", path, body, principal, caller }, entries, allowed, log);
}
const list = (log: ActivityLog, more: object = {}) => {
  const { status, body } = listEntries({ resourceNames: [auditView], ...more }, anybody, log);
  const { entries = [], nextPageToken } = JSON.parse(String(body)) as {
    entries?: { insertId: string }[];
    nextPageToken?: string;
  };
  return { status, entries, nextPageToken };
};

describe("a service account that is made", () => {
  it("stands in the log with who called, and with the id that the caller is told", () => {
    const log = newLog();
    const { status, body } = make(log) ?? expect.unreachable();
    const { uniqueId } = JSON.parse(String(body));
    expect([status, uniqueId]).toEqual([200, expect.stringMatching(/^\d{21}$/)]);
    expect(list(log).entries).toMatchObject([
      {
        logName: "projects/acme-data/logs/cloudaudit.googleapis.com%2Factivity",
        resource: { labels: { email_id: email, unique_id: uniqueId } },
        protoPayload: {
          ...{ serviceName: "iam.googleapis.com", methodName: "google.iam.admin.v1.CreateServiceAccount", status: {} },
          authenticationInfo: { principalEmail: "a@acme.test" },
          requestMetadata: { callerIp: "198.18.0.1", callerSuppliedUserAgent: "pulumi" },
          request: { account_id: "adminflyterole" },
          response: { email, unique_id: uniqueId },
        },
      },
    ]);
    const again = JSON.parse(String(make(log)?.body));
    expect(again.uniqueId).not.toBe(uniqueId);
  });

  it("is refused as IAM does, and the attempt stands in the log too, with nothing made", () => {
    const log = newLog();
    expect(make(log, "adminflyterole", { allowed: () => false })?.status).toBe(403);
    expect(make(log, "x")?.status).toBe(400);
    const held = { [`projects/acme-data/serviceAccounts/${email}`]: { type: "account", inputs: {}, outputs: {} } };
    expect(make(log, "adminflyterole", { entries: held })?.status).toBe(409);
    const told = list(log).entries as unknown as { protoPayload: { status: { code: number }; response?: object } }[];
    expect(told.map(({ protoPayload: { status, response } }) => [status.code, response])).toEqual([
      [7, undefined],
      [3, undefined],
      [6, undefined],
    ]);
  });

  it("is no other call's matter", () => {
    const log = newLog();
    const rest = { body: {}, principal: "user:a@acme.test", caller: { ip: "", agent: "" } };
    for (const [method, other] of [
      ["GET", path],
      ["POST", `${path}/x:signBlob`],
      ["POST", "/v1/projects/acme-data/secrets"],
    ] as const)
      expect(makeAccount({ method, path: other, ...rest }, {}, anybody, log)).toBeUndefined();
    expect(log.all()).toEqual([]);
  });
});

describe("the log of them", () => {
  it("outlives the front, in a file of its own, but not a line that was torn", () => {
    const log = newLog();
    make(log);
    const file = join(folder, `${files - 1}.jsonl`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    appendFileSync(file, '{"insertId":"torn');
    const again = new ActivityLog(file);
    expect(again.all()).toEqual(log.all());
    make(again, "userflyterole");
    expect(new ActivityLog(file).all()).toHaveLength(2);
  });

  it("comes by pages that meet, newer entries or not", () => {
    const log = newLog();
    for (const name of ["first-account", "second-account", "third-account"]) make(log, name);
    const first = list(log, { pageSize: 2 });
    make(log, "fourth-account");
    const second = list(log, { pageSize: 2, pageToken: first.nextPageToken });
    expect([...first.entries, ...second.entries]).toEqual(log.all());
    expect(second.nextPageToken).toBeUndefined();
    expect(list(log, { pageToken: "other" }).status).toBe(400);
    expect(list(log, { pageSize: 0 }).status).toBe(400);
  });

  it("is asked by filters that are understood, and refuses others", () => {
    const log = newLog();
    make(log);
    make(log, "userflyterole");
    const of = (filter: string) => list(log, { filter }).entries.length;
    const method = 'protoPayload.methodName="google.iam.admin.v1.CreateServiceAccount"';
    expect(of(`${method} AND timestamp>="2020-01-01T00:00:00Z"`)).toBe(2);
    expect(of(`${method} AND timestamp>="2999-01-01T00:00:00Z"`)).toBe(0);
    expect(of('timestamp<="2020-01-01T00:00:00Z"')).toBe(0);
    expect(of(`protoPayload.response.email="${email}"`)).toBe(1);
    expect(of('protoPayload.nothing.there="x"')).toBe(0);
    for (const other of ["severity", 'a="x" OR b="y"', "a=x", "NOT a"])
      expect(list(log, { filter: other }).status).toBe(400);
  });

  it("is in no other view", () => {
    const log = newLog();
    make(log);
    expect(list(log, { resourceNames: [auditView.replace("_Required", "_Default")] }).entries).toEqual([]);
  });
});
