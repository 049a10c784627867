import { createPublicKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { exitCodes } from "../outcome.ts";
import { reportOf } from "../recording.ts";
import { newKey, recordingOf, withoutDeny } from "../testing/recording.ts";
import { openBundle, sealBundle } from "./bundle.ts";
import { canonical, sha256 } from "./canonical.ts";
import { replay } from "./replay.ts";

const key = newKey();
const standIns = [{ for: "signed URLs", is: "a front of the sandbox's own" }];
const recording = recordingOf(withoutDeny, { standIns });
const told = reportOf(recording);
const text = sealBundle(recording, told, key);

interface File {
  manifest: string;
  objects: Record<string, string>;
  signature: { publicKey: string; value: string };
}

function changed(change: (file: File) => void): string {
  const file = JSON.parse(text) as File;
  change(file);
  return JSON.stringify(file);
}

/** What `replay` says no with, and its exit code. */
function refusalOf(bundle: string, options: Partial<Parameters<typeof replay>[2]> = {}): string {
  try {
    replay(bundle, "b.json", { commit: "c1", ...options });
  } catch (error) {
    expect(error).toMatchObject({ exitCode: exitCodes.bundleInvalid });
    return error instanceof Error ? error.message : "";
  }
  throw new Error("the bundle was taken");
}

describe("a bundle", { timeout: 60_000 }, () => {
  it("comes to the same report again, byte for byte, from its text alone", () => {
    const { report, signer } = replay(text, "b.json", { commit: "c2" });
    expect(canonical(report)).toBe(canonical(told));
    expect(report).toMatchObject({ exitCode: 1, seconds: 1.5, commit: "c1" });
    expect(report.counts).toMatchObject({ FAIL: 1 });
    expect(report.standIns).toEqual(standIns);
    expect(signer).toMatch(/^sha256:[0-9a-f]{32}$/);
  });

  it("is the same text for the same run and key", () => {
    expect(sealBundle(recordingOf(withoutDeny, { standIns }), told, key)).toBe(text);
  });

  it("keeps what could not be read, with its reason", () => {
    const denied = recordingOf(undefined, { selection: { only: ["POD-01"] } });
    denied.collected.pods = { read: false, reason: "403 Forbidden", request: "list v1 Pod" };
    const sealed = sealBundle(denied, reportOf(denied), key);
    expect(replay(sealed, "b.json", { commit: "c1" }).report.exitCode).toBe(exitCodes.notEvaluated);
  });

  it("says nothing of the machine that looked", () => {
    const ways = recordingOf(undefined, { selection: { only: ["POD-01", "CP-01"] } });
    const { customer, controlPlane } = ways.targets;
    if (!customer || !controlPlane) throw new Error("both planes");
    const database = { ...controlPlane.database, host: "10.9.9.9", passwordFile: "/home/me/pw" };
    const targets = {
      customer: { ...customer, kubeconfig: "/home/me/kube", aws: { profile: "mine", caFile: "/home/me/ca" } },
      controlPlane: { ...controlPlane, kubeconfig: "/home/me/region", caFile: "/home/me/ca", database },
    };
    const sealed = sealBundle({ ...ways, targets }, reportOf(ways), key);
    expect(sealed).not.toMatch(/home|mine|10\.9\.9\.9/);
    expect(replay(sealed, "b.json", { commit: "c1" }).report.exitCode).toBe(0);
  });

  it("is refused when any of its parts was changed, and the part is named", () => {
    const names = Object.keys((JSON.parse(text) as File).objects);
    expect(names.length).toBeGreaterThan(40);
    for (const name of names) {
      const edit = (file: File) => {
        file.objects[name] = `${file.objects[name]} `;
      };
      expect(refusalOf(changed(edit))).toBe(`bundle b.json: object ${name} was changed`);
    }
  });

  it.each<[string, (file: File) => void, RegExp]>([
    [
      "the manifest says another commit",
      (file) => (file.manifest = file.manifest.replace('"c1"', '"c2"')),
      /signature does not fit/,
    ],
    [
      "the signature is cut",
      (file) => (file.signature.value = file.signature.value.slice(0, 40)),
      /signature does not fit/,
    ],
    ["the public key is none", (file) => (file.signature.publicKey = "AAAA"), /signature does not fit/],
    [
      "a part is missing",
      (file) => delete file.objects[Object.keys(file.objects)[0] ?? ""],
      /object [0-9a-f]{64} \(.*\) is missing/,
    ],
    [
      "a part is there that nobody signed",
      (file) => (file.objects[sha256("{}")] = "{}"),
      /object [0-9a-f]{64} is not in the manifest/,
    ],
    ["it is another file", (file) => Object.assign(file, { format: "other" }), /is not a biplane-verify-bundle\/1/],
  ])("is refused when %s", (_, change, words) => {
    expect(refusalOf(changed(change))).toMatch(words);
  });

  it("is refused when somebody else signed it, where a signer is asked for", () => {
    const signer = createPublicKey(newKey());
    expect(refusalOf(text, { signer })).toMatch(/signed by sha256:.*, asked for was sha256:/);
    expect(openBundle(text, "b.json", createPublicKey(key)).recording.commit).toBe("c1");
  });

  it("is refused when its report comes out otherwise, with what may be the cause", () => {
    const green = sealBundle(recording, { ...told, exitCode: 0 }, key);
    expect(refusalOf(green)).toMatch(/its report has the digest .*by the same commit, so/);
    expect(refusalOf(green, { commit: "c9" })).toMatch(/it was judged by commit c1, this is c9/);
  });

  it("is refused when it is no JSON", () => {
    expect(refusalOf("{")).toBe("bundle b.json: is not a biplane-verify-bundle/1: no JSON");
  });
});
