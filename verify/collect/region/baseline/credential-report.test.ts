import { describe, expect, it } from "vitest";
import { parseCredentialReport } from "./credential-report.ts";

const key = (n: number) =>
  ["active", "last_rotated", "last_used_date", "last_used_region", "last_used_service"].map(
    (c) => `access_key_${n}_${c}`,
  );
const columns = [
  ...["user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed"],
  ...["password_next_rotation", "mfa_active", ...key(1), ...key(2), "cert_1_active"],
];
const noKey = "false,N/A,N/A,N/A,N/A";
const root = `<root_account>,arn:aws:iam::1:root,2020-01-01T00:00:00+00:00,not_supported,2026-01-02T03:04:05+00:00,not_supported,not_supported,true,${noKey},${noKey},false`;
const ann = `ann,arn:aws:iam::1:user/ann,2020-01-01T00:00:00+00:00,true,no_information,2026-01-01T00:00:00Z,N/A,false,true,2025-01-01T00:00:00Z,N/A,N/A,N/A,${noKey},false`;
const report = (...lines: string[]) => [columns.join(","), ...lines].join("\n");

describe("the credential report", () => {
  it("tells of each user what it has and when it was last used", () => {
    const none = { active: false };
    expect(parseCredentialReport(report(root, ann))).toEqual([
      {
        ...{ user: "<root_account>", root: true, password: false, passwordUsed: "2026-01-02T03:04:05.000Z" },
        ...{ secondFactor: true, keys: [none, none] },
      },
      {
        ...{ user: "ann", root: false, password: true, passwordChanged: "2026-01-01T00:00:00.000Z" },
        ...{ secondFactor: false, keys: [{ active: true, rotated: "2025-01-01T00:00:00.000Z" }, none] },
      },
    ]);
  });

  it.each([
    ["is empty", ""],
    ["leaves the root user out", report(ann)],
    ["has a name with a comma", report(root, ann.replace("ann,", "an,n,"))],
    ["lacks a column", report(root).replace("mfa_active", "other")],
    ["was cut off in a line", report(root, ann).slice(0, -40)],
    ["holds another word than yes or no", report(root.replace(",true,", ",maybe,"))],
    ["holds another word than a time", report(root.replace("2026-01-02T03:04:05+00:00", "soon"))],
  ])("that %s is not read", (_, text) => expect(() => parseCredentialReport(text)).toThrow());
});
