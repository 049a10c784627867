/** A run on the good plane, as `verify` keeps it. */
import { generateKeyPairSync } from "node:crypto";
import { kept } from "../evidence/canonical.ts";
import type { Facts } from "../facts.ts";
import type { Recording } from "../recording.ts";
import { collectedFrom, goodFacts, goodTargets } from "./good-plane.ts";

/** @param change breaks the facts before they are recorded */
export function recordingOf(
  change: (facts: Facts) => void = () => undefined,
  more: Partial<Recording> = {},
): Recording {
  const facts = goodFacts();
  change(facts);
  return {
    commit: "c1",
    startedAt: "2026-03-01T10:00:00.000Z",
    seconds: 1.5,
    targets: goodTargets,
    collected: kept(collectedFrom(facts)),
    documentedCommands: [{ group: "C01", line: "kubectl get pods -n union", exitCode: 0, stdout: "executor\n" }],
    limits: [],
    standIns: [],
    waivers: [],
    selection: { only: [] },
    ...more,
  };
}

/** Not of a file, and of this process only. */
export const newKey = () => generateKeyPairSync("ed25519").privateKey;

/** NS-04 has a finding, and no other check. */
export function withoutDeny(facts: Facts): void {
  facts.networkPolicies = facts.networkPolicies.filter(
    ({ metadata }, at) => at === 0 || metadata?.name !== "default-deny",
  );
}
