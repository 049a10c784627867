import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { passed } from "../testing/evidence.ts";
import { currentCommit, readEvidence, writeEvidence } from "./evidence.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "biplane-evidence-"));
});
afterEach(() => rmSync(root, { recursive: true }));

describe("the commit that evidence belongs to", () => {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", root, "-c", "user.name=t", "-c", "user.email=t@example.test", ...args], {
      encoding: "utf8",
    });

  it("is HEAD when nothing was changed, and another name for every change", () => {
    expect(currentCommit(root)).toBe("none");
    git("init", "-q");
    writeFileSync(join(root, "a"), "1");
    git("add", "a");
    git("commit", "-qm", "one");
    const head = git("rev-parse", "HEAD").trim();
    expect(currentCommit(root)).toBe(head);
    writeFileSync(join(root, "a"), "2");
    const edited = currentCommit(root);
    writeFileSync(join(root, "b"), "new");
    const added = currentCommit(root);
    expect(edited).toMatch(new RegExp(`^${head}-dirty-[0-9a-f]{12}$`));
    expect(new Set([head, edited, added]).size).toBe(3);
  });

  it("counts a link by where it leads, be it a folder or nothing, and a repository in this one", () => {
    git("init", "-q");
    mkdirSync(join(root, "folder"));
    const named = (target: string) => {
      symlinkSync(target, join(root, "link"));
      const name = currentCommit(root);
      rmSync(join(root, "link"));
      return name;
    };
    expect(new Set([named("folder"), named("nowhere"), named("folder")]).size).toBe(2);
    const before = currentCommit(root);
    mkdirSync(join(root, "inner"));
    execFileSync("git", ["-C", join(root, "inner"), "init", "-q"]);
    expect(currentCommit(root)).not.toBe(before);
  });
});

describe("evidence", () => {
  it("is read for its own commit only, and replaced by the same source", () => {
    writeEvidence(root, "c1", "verify", [passed(), passed({ claim: "ns-resource-quota" })]);
    writeEvidence(root, "c1", "verify", [passed()]);
    writeEvidence(root, "c1", "client/hello", [passed({ by: "client/hello" })]);
    expect(readEvidence(root, "c1").map(({ by }) => by)).toEqual(["client/hello", "NS-01"]);
    expect(readEvidence(root, "c2")).toEqual([]);
  });
});
