/** What `./biplane` says on a machine that lacks things. The list is made before anything is changed. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const basic = ["sh", "readlink", "sort", "head", "grep", "cut", "cat", "sha256sum"];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "launcher-"));
  mkdirSync(join(folder, "bin"));
  copyFileSync(join(import.meta.dirname, "../../biplane"), join(folder, "biplane"));
  writeFileSync(join(folder, "package-lock.json"), "{}");
  for (const name of basic) {
    symlinkSync(
      execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(),
      join(folder, "bin", name),
    );
  }
  fake("uname", "case $1 in -s) echo Linux ;; *) echo x86_64 ;; esac");
  fake("id", "echo 0");
});

afterEach(() => rmSync(folder, { recursive: true }));

function fake(name: string, script: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

function launch() {
  const { status, stderr } = spawnSync("/bin/sh", [join(folder, "biplane"), "demo"], {
    env: { PATH: join(folder, "bin") },
    encoding: "utf8",
  });
  return { status, lines: stderr.split("\n").filter((line) => line.startsWith("  - ")), stderr };
}

test("all that is missing is named in one list with the way out, and nothing is changed", () => {
  const { status, lines } = launch();
  expect(status).toBe(3);
  expect(lines.map((line) => line.split(" ")[3]?.replace(":", ""))).toEqual(["Debian", "Node", "npm", "Go", "Python"]);
  for (const line of lines) expect(line).toMatch(/Run: |run: |https:\/\/|Use a /);
  expect(readdirSync(folder).sort()).toEqual(["bin", "biplane", "package-lock.json"]);
});

test("what is too old is named with what was found and what is needed", () => {
  fake("apt-get", "exit 0");
  fake("npm", "exit 1");
  fake("node", "echo v18.20.4");
  fake("go", "echo go version go1.26.7 linux/amd64");
  fake("python3", "echo Python 3.9.18");
  const { status, lines } = launch();
  expect(status).toBe(3);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain("Node is 18.20.4; needed: 20 or newer");
  expect(lines[1]).toContain("Go is 1.26.7; needed: 1.26.8 or newer");
  expect(lines[2]).toContain("Python is 3.9.18; needed: 3.10 or newer");
});

test("somebody who is not root is told so, and nothing else when all else is there", () => {
  fake("apt-get", "exit 0");
  fake("npm", "exit 1");
  fake("node", "echo v20.0.0");
  fake("go", "echo go version go1.26.8 linux/amd64");
  fake("python3", "echo Python 3.10.0");
  fake("id", "echo 1000");
  const { status, lines } = launch();
  expect(status).toBe(3);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("not root");
});
