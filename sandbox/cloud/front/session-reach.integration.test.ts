/** The admin role's sessions at the front with a real object store, IAM and STS, as IAM-14 tries them; no planes needed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountsReachTheirOwn } from "../../../verify/checks/iam-14-account-reach.ts";
import type { ReachProbes } from "../../../verify/probes/reach.ts";
import { judge } from "../../../verify/runner.ts";
import { collectedFrom, goodFacts, goodTargets } from "../../../verify/testing/good-plane.ts";

const program = join(import.meta.dirname, "testing/reach-main.ts");
const state = mkdtempSync(join(tmpdir(), "biplane-reach-"));
let found: Record<string, ReachProbes & { left: string[] }>;
/** As the front keeps them of the sessions that went through it. */
let userIds: string[];

beforeAll(async () => {
  const own = ["--net", "--mount", "--pid", "--fork", "--kill-child=KILL"];
  const { stdout } = await execa("unshare", [...own, process.execPath, program, state]);
  ({ found, userIds } = JSON.parse(stdout) as { found: typeof found; userIds: string[] });
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** @returns PASS, or the subjects of what failed */
function verdict(world: string): string | string[] {
  const { names = [], reach = [] } = found[world] ?? {};
  const facts = { ...goodFacts(), probedNames: names, probedReach: reach };
  const judged = judge(accountsReachTheirOwn, collectedFrom(facts), goodTargets);
  return judged.outcome === "FAIL"
    ? judged.findings.filter(({ ok }) => !ok).map(({ subject }) => subject)
    : judged.outcome;
}

test("each account has its own session alone, and there exactly its reach", () => {
  expect(verdict("kit")).toBe("PASS");
});

test("where the trust asks for no name, the three accounts are seen to take every name", () => {
  const three = ["executor", "proxy-system", "log-provider"];
  const others = three.flatMap((who) => three.filter((name) => name !== who).map((name) => [who, name]));
  expect(verdict("any name")).toEqual(others.map(([who, name]) => `${who} → a session named ${name}`));
});

test("where the policies ask for no session, each account is seen to have the reach of all", () => {
  const buckets = ["acme-metadata", "acme-fast-reg"];
  expect(verdict("one reach for all")).toEqual(
    buckets.flatMap((bucket) =>
      ["executor: put", "log-provider: put", "log-provider: get"].map((what) => `${what} in ${bucket}`),
    ),
  );
});

test("the front knows each session by the role's id and its name, which it judges calls by itself with", () => {
  const seen = userIds.map((id) => /^AROA\w+:(.+)$/.exec(id)?.[1]);
  expect(new Set(seen)).toEqual(new Set(["executor", "proxy-system", "log-provider"]));
});

test("nothing is left in either bucket", () => {
  expect(Object.values(found).map(({ left }) => left)).toEqual([[], [], []]);
});
