import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import { describe, expect, it } from "vitest";
import { checks } from "../verify/checks/index.ts";
import { sealBundle } from "../verify/evidence/bundle.ts";
import { withFolder } from "../verify/reason/testing/manifests.ts";
import { reportOf } from "../verify/recording.ts";
import { newKey, recordingOf, withoutDeny } from "../verify/testing/recording.ts";
import { checkout } from "./context.ts";

const key = newKey();
const selection = { only: ["NS-03", "NS-04"] };

function bundle(...[change]: Parameters<typeof recordingOf>): string {
  const recording = recordingOf(change, { selection });
  return sealBundle(recording, reportOf(recording), key);
}

const pem = (of: ReturnType<typeof generateKeyPairSync>["publicKey"]) =>
  of.export({ type: "spki", format: "pem" }).toString();

describe("biplane verify, of bundles", { timeout: 60_000 }, () => {
  it("replays one without any plane, writes its reports, and answers as the run did", () => {
    withFolder({ "bad.json": bundle(withoutDeny) }, (cwd) => {
      const { stdout, exitCode } = biplane(cwd, "verify", "replay", "bad.json", "--json", "r.json", "--junit", "r.xml");
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/FAIL +NS-04[\s\S]*replayed without change: bundle [0-9a-f]{16}, signed by sha256:/);
      expect(JSON.parse(readFileSync(join(cwd, "r.json"), "utf8"))).toMatchObject({ counts: { PASS: 1, FAIL: 1 } });
      expect(readFileSync(join(cwd, "r.xml"), "utf8")).toContain('failures="1"');
    });
  });

  it("answers 4 for one that was changed, and for one that another key signed", () => {
    const files = {
      "changed.json": bundle().replace("kubectl get pods", "kubectl get pod"),
      "good.json": bundle(),
      "other.pem": pem(generateKeyPairSync("ed25519").publicKey),
    };
    withFolder(files, (cwd) => {
      expect(biplane(cwd, "verify", "replay", "changed.json")).toMatchObject({
        exitCode: 4,
        stderr: expect.stringMatching(/^bundle changed\.json: object [0-9a-f]{64} was changed$/),
      });
      expect(biplane(cwd, "verify", "replay", "good.json", "--signer", "other.pem").exitCode).toBe(4);
    });
  });

  it("tells what two of them differ in", () => {
    withFolder({ "good.json": bundle(), "bad.json": bundle(withoutDeny) }, (cwd) => {
      const { stdout, exitCode } = biplane(cwd, "verify", "diff", "good.json", "bad.json", "--json");
      expect(exitCode).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({
        new: [{ check: "NS-04" }],
        fixed: [],
        unchanged: [],
        incomparable: [],
      });
    });
  });

  it("proves a check on one: every break of it is seen, and no request of it can be refused without notice", () => {
    withFolder({ "good.json": bundle(), "bad.json": bundle(withoutDeny) }, (cwd) => {
      const { stdout, exitCode } = biplane(cwd, "verify", "prove", "NS-04", "--bundle", "good.json");
      const breaks = checks.find(({ id }) => id === "NS-04")?.sabotages.length;
      expect(stdout).toMatch(new RegExp(`^proven NS-04 +${breaks} breaks\n`));
      expect(stdout).toMatch(/\(kill rate 100\.0 %\); 0 not broken\n6 requests .*: 6 times no check/);
      expect(exitCode).toBe(0);
      expect(biplane(cwd, "verify", "prove", "NS-04", "--bundle", "bad.json")).toMatchObject({
        exitCode: 2,
        stdout: expect.stringMatching(/^- +NS-04 +not broken: it is FAIL on this snapshot/),
      });
    });
  });

  it("explains a check and a claim, and refuses what is neither", () => {
    expect(biplane(checkout, "verify", "explain", "ns-04").stdout).toMatch(/^NS-04 [\s\S]*ns-network-policies: /);
    expect(biplane(checkout, "verify", "explain", "ns-network-policies").stdout).toMatch(/Decided by:\n {2}NS-04/);
    expect(biplane(checkout, "verify", "explain", "NS-99")).toMatchObject({ exitCode: 3, stdout: "" });
  });
});

function biplane(cwd: string, ...args: string[]) {
  const main = join(checkout, "cli/main.ts");
  const { stdout, stderr, exitCode } = execaSync(process.execPath, [main, ...args], { cwd, reject: false });
  return { stdout, stderr, exitCode };
}
