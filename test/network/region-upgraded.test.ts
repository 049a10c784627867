/** Region and customer are upgraded by different people at different times: a newer region serves planes that are older. */
import { afterAll, describe, expect, it, vi } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import about from "../../package.json" with { type: "json" };
import type { Plane } from "../../sandbox/hosts.ts";
import { biplane } from "../support/biplane.ts";
import { runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { kubectl, platform } from "../support/kubectl.ts";
import { environment } from "../support/local-run.ts";
import { scrapeAll } from "../support/metrics.ts";
import { newerCheckout } from "../support/newer-checkout.ts";
import { recordProblems } from "../support/order.ts";
import { runClient } from "../support/runs.ts";

const { proves } = evidenceFor("network/region-upgraded");
const newer = "99.0.0-newer";
const seconds = 60;
const patienceMs = 600_000;

/** Versions that a plane's services tell of themselves. */
async function versionsOf(plane: Plane): Promise<string[]> {
  const told = (await scrapeAll(plane)).map(
    ({ text }) => /^biplane_build_info\{[^}]*version="([^"]*)"[^}]*\} 1$/m.exec(text)?.[1] ?? "(not told)",
  );
  return [...new Set(told)];
}

const podsOf = (plane: Plane) =>
  kubectl(plane, "get", "pods", "-n", platform[plane], "-o", "jsonpath={.items[*].metadata.uid}");

// Metrics are read from a node, and that of a given cluster is not ours.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");

describe.skipIf(!ours)("a region that is upgraded alone", () => {
  const checkout = newerCheckout(newer);
  afterAll(async () => {
    checkout.remove();
    const back = await biplane(["up", "--only", "region"]);
    expect(back.exitCode, back.output).toBe(0);
  }, patienceMs);

  it(
    "leaves the older plane as it is, which ends what it runs and takes what comes",
    async () => {
      proves(
        ["patching-owner-by-model"],
        "the version of each service is read: the region's is newer, the plane's is not",
      );
      const before = await podsOf("customer");
      const { name, result } = await runExample("sleeper", "watchful", ["--seconds", String(seconds)], {
        follow: false,
      });
      expect(result.exitCode, result.stderr).toBe(0);
      const runs = await runClient();
      const running = async () => (await runs.details(name))?.status?.phase;
      await vi.waitFor(async () => expect(await running()).toBe(ActionPhase.RUNNING), {
        timeout: 60_000,
        interval: 250,
      });

      const up = await biplane(["up", "--only", "region"], { from: checkout.folder });
      expect(up.exitCode, up.output).toBe(0);

      expect([await versionsOf("region"), await versionsOf("customer")]).toEqual([[newer], [about.version]]);
      expect(await podsOf("customer")).toBe(before);
      const details = await runs.ended(name, "a0", patienceMs / 2);
      expect(recordProblems(details)).toEqual([]);
      expect(details.status?.phase).toBe(ActionPhase.SUCCEEDED);
      const next = await runExample("hello", "hello", ["--name", "newer"]);
      expect(next.result.exitCode, next.result.stderr).toBe(0);
    },
    patienceMs,
  );
});
