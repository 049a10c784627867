import { appendFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ActivityLog, eventsOf } from "./activity.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-activity-"));
afterAll(() => rmSync(folder, { recursive: true }));

const kind = "Microsoft.ManagedIdentity/userAssignedIdentities";
const id = `/subscriptions/s/resourceGroups/g/providers/${kind}/admin`;
const caller = { tenant: "t", objectId: "o", name: "ann@acme.test" };
const at = new Date("2026-01-02T03:04:05.678Z");
const write = { id, kind, verb: "write", status: 201 } as const;

describe("an operation", () => {
  it("is told as begun and as ended, by who asked, as Azure words it", () => {
    const [began, ended] = eventsOf(write, caller, at);
    expect(ended).toMatchObject({
      ...{ eventTimestamp: "2026-01-02T03:04:05.678Z", resourceId: id, caller: "ann@acme.test" },
      ...{ operationName: { value: `${kind}/write` }, status: { value: "Succeeded" }, subStatus: { value: "Created" } },
      claims: {
        "http://schemas.microsoft.com/identity/claims/tenantid": "t",
        "http://schemas.microsoft.com/identity/claims/objectidentifier": "o",
      },
    });
    expect(began).toMatchObject({ status: { value: "Started" }, subStatus: { value: "" } });
    expect(began?.correlationId).toBe(ended?.correlationId);
    expect(began?.eventDataId).not.toBe(ended?.eventDataId);
  });

  it("tells that it failed, that it only changed, and nobody where nobody is signed in", () => {
    const [, failed] = eventsOf({ ...write, status: 409 }, caller, at);
    expect(failed).toMatchObject({ status: { value: "Failed" }, subStatus: { value: "Conflict" } });
    const [, gone] = eventsOf({ ...write, verb: "delete", status: 200 }, undefined, at);
    expect(gone).toMatchObject({ operationName: { value: `${kind}/delete` }, subStatus: { value: "OK" } });
    expect([gone?.caller, gone?.claims]).toEqual([undefined, undefined]);
  });
});

describe("an activity log", () => {
  const told = (log: ActivityLog) =>
    log.events().map(({ operationName, status }) => [operationName.value, status.value]);

  it("is told the newest first, to each process, from a file that only its owner reads", () => {
    const file = join(folder, "azure", "activity.jsonl");
    expect(new ActivityLog(file).events()).toEqual([]);
    new ActivityLog(file).record(write, caller, at);
    new ActivityLog(file).record({ ...write, verb: "delete", status: 200 }, caller, at);
    expect(told(new ActivityLog(file))).toEqual([
      [`${kind}/delete`, "Succeeded"],
      [`${kind}/delete`, "Started"],
      [`${kind}/write`, "Succeeded"],
      [`${kind}/write`, "Started"],
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("keeps so many of the newest, and leaves out a line that a killed process has not finished", () => {
    const file = join(folder, "bounded.jsonl");
    const log = new ActivityLog(file, 4);
    for (let n = 0; n < 9; n++) log.record({ ...write, kind: `k${n}` }, caller, at);
    appendFileSync(file, '{"eventDataId":"to');
    log.record({ ...write, kind: "last" }, caller, at);
    expect(told(log).map(([name]) => name)).toEqual(["last/write", "last/write", "k8/write", "k8/write"]);
  });
});
