import { expect, test } from "vitest";
import { withAddress, withoutAutomaticSnapshots, withoutRestorableTime } from "./rds-instances.ts";

test("every instance is told to answer where the local database does", () => {
  const of = (address: string, port: number) =>
    `<DBInstance><Endpoint><Address>${address}</Address><Port>${port}</Port></Endpoint><Port>1</Port></DBInstance>`;
  expect(withAddress(of("made.up", 1) + of("made.up.too", 2))).toBe(of("database.biplane.test", 5432).repeat(2));
});

test("nothing is told of backups that nobody took; what somebody asked for stays", () => {
  const snapshot = (name: string, type: string) =>
    `<DBSnapshot><Id>${name}</Id><SnapshotType>${type}</SnapshotType></DBSnapshot>`;
  const all = snapshot("a", "automated") + snapshot("m", "manual") + snapshot("b", "automated");
  expect(withoutAutomaticSnapshots(`<DBSnapshots>${all}</DBSnapshots>`)).toBe(
    `<DBSnapshots>${snapshot("m", "manual")}</DBSnapshots>`,
  );
  expect(withoutRestorableTime("<a/><LatestRestorableTime>2026</LatestRestorableTime><b/>")).toBe("<a/><b/>");
});
