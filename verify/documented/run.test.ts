import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checks } from "../checks/index.ts";
import { goodAzureTarget } from "../testing/good-azure.ts";
import { goodGoogleTarget } from "../testing/good-google.ts";
import { collectedFrom, goodFacts, goodTarget } from "../testing/good-plane.ts";
import { documentedCommands } from "./commands.ts";
import { runDocumented } from "./run.ts";

/** Stand for the two tools: each says how it was called, and `aws` leaves a file too. */
const folder = mkdtempSync(join(tmpdir(), "biplane-documented-"));
const calledAws = join(folder, "called-aws");
writeFileSync(join(folder, "kubectl"), '#!/bin/sh\necho "kubectl $*"\n', { mode: 0o755 });
writeFileSync(join(folder, "aws"), `#!/bin/sh\ntouch ${calledAws}\necho "aws $*"\n`, { mode: 0o755 });
afterAll(() => rmSync(folder, { recursive: true }));

const collected = collectedFrom(goodFacts());
const written = new Map(documentedCommands.map(({ line, group }) => [line, group]));

describe.each([
  ["Google Cloud", goodGoogleTarget],
  ["Azure", goodAzureTarget],
] as const)("the documented lines on a plane on %s", (name, target) => {
  it("ask the cluster as written, and tell of each that is AWS's what decides the same there", async () => {
    const records = await runDocumented(target, collected, [folder]);
    const aws = records.filter(({ line }) => line.startsWith("aws "));
    const asked = records.filter(({ line }) => !line.startsWith("aws "));
    expect(asked.filter(({ line, notRun }) => line.startsWith("kubectl get") && notRun !== undefined)).toEqual([]);
    expect(asked.find(({ group }) => group === "C01")).toMatchObject({ stdout: "kubectl get pods -n union\n" });

    expect(aws.map(({ line }) => line)).toEqual([...written.keys()].filter((line) => line.startsWith("aws ")));
    expect(existsSync(calledAws)).toBe(false);
    for (const { line, exitCode, notRun } of aws) {
      expect(exitCode).toBeUndefined();
      const [, ids = ""] =
        new RegExp(`^not run on ${name}: it asks AWS; there (.+) decides? the same$`).exec(notRun ?? "") ?? [];
      const named = checks.filter(({ id }) => ids.split(", ").includes(id));
      expect(named.length, line).toBe(ids.split(", ").length);
      for (const { clouds, documented } of named) {
        expect(clouds).toContain(target.cloud);
        expect(documented).toContain(written.get(line));
      }
    }
    const annotation = records.find(({ group }) => group === "C08");
    expect(annotation).toMatchObject({ exitCode: 1, stdout: "", weakness: expect.stringMatching(/AWS's annotation/) });
  });
});

it("all run on a plane on AWS that has what they name", async () => {
  const records = await runDocumented(goodTarget, collected, [folder]);
  expect(records.filter(({ line }) => line.startsWith("aws iam")).map(({ exitCode }) => exitCode)).toEqual(
    Array(6).fill(0),
  );
  expect(existsSync(calledAws)).toBe(true);
  expect(records.find(({ group }) => group === "C08")?.weakness).toBe("one annotated account satisfies it");
});
