import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Recorded, recordResources } from "../components/testing/record-resources.ts";
import { findClaim } from "../verify/claims/ledger.ts";
import type { Rule, Seen, StackRule } from "./rule.ts";
import { rules, stackRules } from "./rules.ts";
import { programs } from "./testing/programs.ts";

const all: (Rule | StackRule)[] = [...rules, ...stackRules];

/** Mocks are not told what is protected: here everything is, as `dataProtection: on` makes what holds data. */
const seenIn = ({ all }: Recorded): Seen[] =>
  all.map(({ type, name, inputs }) => ({ type, name, urn: `${type}::${name}`, inputs, protect: true }));

function judge(rule: Rule | StackRule, resources: Seen[]): string[] {
  if (!("types" in rule)) return rule.judge(resources).map(({ words }) => words);
  return resources.filter(({ type }) => rule.types.includes(type)).flatMap((seen) => rule.judge(seen.inputs, seen));
}

describe.each(all)("$name", (rule) => {
  const pair = programs[rule.name];

  it("refuses the bad program for one reason, and lets the good one pass", async () => {
    if (!pair) throw new Error(`testing/ has no programs for ${rule.name}`);
    expect(judge(rule, seenIn(await recordResources(pair.bad)))).not.toEqual([]);
    expect(judge(rule, seenIn(await recordResources(pair.good)))).toEqual([]);
  });

  it("names claims of the ledger", () => {
    for (const id of rule.controls) expect(findClaim(id), id).toBeDefined();
  });
});

describe("what is not protected", () => {
  it("may be as short-lived as its stack says: backups, two zones and its last snapshot are not asked of it", async () => {
    const bad = programs["database-outlives-failures"]?.bad ?? (() => undefined);
    const [database] = seenIn(await recordResources(bad));
    const rule = rules.find(({ name }) => name === "database-outlives-failures");
    expect(rule?.judge(database?.inputs ?? {}, { type: "", name: "", protect: true })).not.toEqual([]);
    expect(rule?.judge(database?.inputs ?? {}, { type: "", name: "", protect: false })).toEqual([]);
  });
});

describe("the pack", () => {
  it("holds each rule once, and has programs for no other", () => {
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(programs).sort()).toEqual(names.sort());
  });

  it("bears the platform's version", () => {
    const version = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")).version;
    expect(version("package.json")).toBe(version("../package.json"));
  });
});
