import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checks } from "../checks/index.ts";
import { readLimits } from "../limits.ts";
import { type Deciders, provedIn, readDeciders, readTestClaims, readUndecided } from "./deciders.ts";
import { claimsDocument, renderClaims, standingOf } from "./document.ts";
import { ledger } from "./ledger.ts";

const checkout = join(import.meta.dirname, "../..");
const written = readFileSync(claimsDocument, "utf8");
/** Id → its last cell, as a reader of the page sees it. */
const rows = written
  .split("\n## Restated")[0]
  ?.split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const cells = line.slice(2, -2).split(" | ");
    return [cells[0]?.slice(1, -1) ?? "", cells.at(-1) ?? ""] as const;
  });
const cells = new Map(rows);
const tests = readTestClaims(checkout);
const known = new Set(ledger.claims.map(({ id }) => id));

describe("docs/claims.md", () => {
  it("is what the code says (node verify/claims/document.ts)", () => {
    expect(written).toBe(renderClaims(ledger.claims, readDeciders(checkout)));
  });

  it("has every claim of the ledger once, and no other", () => {
    expect(rows?.map(([id]) => id).sort()).toEqual([...known].sort());
  });

  it("names, at each claim, every check, test and gap that decides it", () => {
    const missing = [
      ...checks.flatMap(({ id, claims, supersedes }) =>
        [...claims, ...Object.keys(supersedes ?? {})].map((claim) => ({ claim, by: id })),
      ),
      ...tests.filter(({ claim }) => known.has(claim)).map(({ claim, test }) => ({ claim, by: test })),
      ...readLimits(join(checkout, "sandbox/limits.yaml")).map(({ claim, reason }) => ({ claim, by: reason })),
    ].filter(({ claim, by }) => !cells.get(claim)?.includes(by));
    expect(missing).toEqual([]);
  });

  it("names no check and no test that does not decide the claim, and links to files that are there", () => {
    for (const [claim, cell] of cells) {
      for (const [id] of cell.matchAll(/\b[A-Z]{2,4}-\d\d\b/g)) {
        const check = checks.find((one) => one.id === id);
        expect([...(check?.claims ?? []), ...Object.keys(check?.supersedes ?? {})], `${id} at ${claim}`).toContain(
          claim,
        );
      }
      for (const [, link = ""] of cell.matchAll(/\]\(([^)]+)\)/g)) {
        const path = join(checkout, "docs", link);
        expect(existsSync(path), `${link} at ${claim}`).toBe(true);
        if (!link.endsWith(".test.ts")) continue;
        expect(tests).toContainEqual(expect.objectContaining({ claim, test: link.replace("../", "") }));
      }
    }
  });
});

describe("what is told to be missing", () => {
  const deciders = readDeciders(checkout);
  const undecided = readUndecided();

  it("is of a claim of the ledger, once, that nothing decides", () => {
    const claims = undecided.map(({ claim }) => claim);
    expect(claims.filter((claim) => !known.has(claim))).toEqual([]);
    expect(new Set(claims).size).toBe(claims.length);
    const open = (id: string) => {
      const claim = ledger.claims.find((one) => one.id === id);
      return claim && standingOf(claim, deciders.get(id)) === "open";
    };
    expect(claims.filter((claim) => !open(claim))).toEqual([]);
  });

  it("stands at the claim", () => {
    const silent = undecided.filter(({ claim, missing }) => !cells.get(claim)?.endsWith(`: ${missing}`));
    expect(silent).toEqual([]);
  });
});

describe("what tests say that they decide", () => {
  it("is a claim of the ledger, one that restates it, or one of the newer documents", () => {
    const strange = tests.filter(
      ({ claim }) => !known.has(claim) && !(claim in ledger.aliases) && !claim.startsWith("n-"),
    );
    expect(strange).toEqual([]);
  });

  it("is read from the call, and a call that hides it is refused", () => {
    expect(provedIn('outdoes(\n  ["a"],\n  "docs/decisions/0001-x.md", "s");', "t")).toEqual([
      { claim: "a", test: "t", record: "docs/decisions/0001-x.md" },
    ]);
    expect(provedIn('proves(["a-b", "c"], control);\n  proves(\n    ["d"],\n    "x",\n  );', "t")).toEqual([
      { claim: "a-b", test: "t" },
      { claim: "c", test: "t" },
      { claim: "d", test: "t" },
    ]);
    expect(() => provedIn('outdoes(["a"], "x");', "t")).toThrow(/outdoes by no decision record/);
    expect(() => provedIn('proves(["a"], "docs/decisions/0001-x.md");', "t")).toThrow(/or proves by one/);
    expect(() => provedIn("proves(claims, control);", "t")).toThrow(/^t: proves\(… does not list/);
    expect(() => provedIn('proves([...many, "a"], control);', "t")).toThrow(/does not list/);
  });
});

describe("where a claim stands", () => {
  const claim = ledger.claims.find(({ kind }) => kind === "end-to-end");
  const none: Deciders = { checks: [], outdone: [], tests: [] };

  it.each<[ReturnType<typeof standingOf>, Deciders | undefined]>([
    ["open", undefined],
    ["open", none],
    ["test", { ...none, tests: ["t"] }],
    ["outdone", { ...none, outdone: [{ by: "A-01", record: "r" }], tests: ["t"] }],
    ["check", { ...none, checks: ["A-01"], tests: ["t"] }],
    ["limit", { ...none, checks: ["A-01"], limit: "no such thing here" }],
  ])("is %s", (standing, deciders) => {
    if (!claim) throw new Error("no end-to-end claim");
    expect(standingOf(claim, deciders)).toBe(standing);
  });
});
