import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { contentKey } from "./content-key.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "content-key-"));
  write("go.mod", "module x");
  write("go.sum", "sum");
});

afterEach(() => rmSync(root, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(join(root, name, ".."), { recursive: true });
  writeFileSync(join(root, name), text);
}

const key = () => contentKey({ root, files: [root], values: { flags: ["-trimpath"] } });

test("the same content has the same key, wherever it lies and in whatever order it is named", () => {
  const here = contentKey({ root, files: [join(root, "go.mod"), join(root, "go.sum")], values: { a: "1", b: "2" } });
  const other = mkdtempSync(join(tmpdir(), "content-key-"));
  writeFileSync(join(other, "go.mod"), "module x");
  writeFileSync(join(other, "go.sum"), "sum");
  const there = contentKey({
    root: other,
    files: [join(other, "go.sum"), join(other, "go.mod")],
    values: { b: "2", a: "1" },
  });
  rmSync(other, { recursive: true });
  expect(here).toMatch(/^[0-9a-f]{16}$/);
  expect(there).toBe(here);
});

test("a changed byte, a new name and a new file deep within change the key", () => {
  const before = key();
  write("go.sum", "other");
  const changed = key();
  write("sub/main.go", "package main");
  const added = key();
  write("sub/main2.go", "package main");
  rmSync(join(root, "sub/main.go"));
  const renamed = key();
  expect(new Set([before, changed, added, renamed]).size).toBe(4);
});

test("a changed flag changes the key", () => {
  expect(contentKey({ root, files: [root], values: { flags: ["-race"] } })).not.toBe(key());
});

test("content that moves from a name into its file is not mistaken", () => {
  write("a", "bc");
  write("ab", "c");
  expect(contentKey({ root, files: [join(root, "a")] })).not.toBe(contentKey({ root, files: [join(root, "ab")] }));
});
