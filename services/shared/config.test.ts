import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { UserError } from "../../shared/errors.ts";
import { bootstrapSchema } from "./bootstrap.ts";
import { fileContent, httpUrl, jsonFile, label, port, readConfig } from "./config.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-config-"));
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
afterAll(() => rmSync(folder, { recursive: true }));

const problemsOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  return "none";
};

describe("readConfig", () => {
  it("reads what is set, and files at once", () => {
    const shape = { PORT: port.default(1), URL: httpUrl, PASSWORD_FILE: fileContent };
    const env = { URL: "http://h:8080", PASSWORD_FILE: file("password", "hunter2\n"), OTHER: "x" };
    expect(readConfig(shape, env)).toEqual({ PORT: 1, URL: "http://h:8080", PASSWORD_FILE: "hunter2" });
  });

  it("names every problem at once", () => {
    const shape = { PORT: port, URL: httpUrl, ORG: label, KEY_FILE: fileContent };
    const problems = problemsOf(() =>
      readConfig(shape, { PORT: "70000", URL: "ftp://x", ORG: "", KEY_FILE: "/nowhere" }),
    );
    expect(problems).toContain("PORT: ");
    expect(problems).toContain("URL: ");
    expect(problems).toContain("ORG is missing");
    expect(problems).toContain("KEY_FILE: cannot be read");
  });

  it("says where a JSON file is wrong, and never what it holds", () => {
    const wrong = file(
      "wrong.json",
      JSON.stringify({ applications: [{ org: "acme", clientId: "x", secretSha256: "hunter2", role: "king" }] }),
    );
    const broken = file("broken.json", '{"secret": "hunter2"');
    const shape = { A: jsonFile(bootstrapSchema), B: jsonFile(bootstrapSchema) };
    const problems = problemsOf(() => readConfig(shape, { A: wrong, B: broken }));
    expect(problems).toContain("in applications.0.secretSha256");
    expect(problems).toContain("in applications.0.role");
    expect(problems).toContain("B: in the document");
    expect(problems).not.toContain("hunter2");
  });
});
