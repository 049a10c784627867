import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hostsFile, setRecords } from "./dns.ts";
import { paths } from "./paths.ts";

test("records of a state without a cloud are served there, and leave the machine's own names alone", () => {
  const state = mkdtempSync(join(tmpdir(), "biplane-dns-"));
  const own = paths({ BIPLANE_STATE: state });
  const before = readFileSync("/etc/hosts", "utf8");
  setRecords(own, "zone", { "somewhere.biplane.test": "198.18.0.40" });
  expect(readFileSync(hostsFile(own), "utf8")).toBe("198.18.0.40 somewhere.biplane.test\n");
  expect(readFileSync("/etc/hosts", "utf8")).toBe(before);
  rmSync(state, { recursive: true });
});
