/** The main job with the customer's plane in Google Cloud, where that part of the toolchain is built. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { partOf } from "../../sandbox/local-run.ts";
import { readyParts } from "../../sandbox/toolchain/index.ts";
import { checks } from "../../verify/checks/index.ts";
import { currentCommit, readEvidence } from "../../verify/claims/evidence.ts";
import { claimsReportSchema } from "../../verify/claims/state.ts";
import { biplane } from "../support/biplane.ts";
import { leftovers } from "../support/leftovers.ts";
import { checkout, here } from "../support/paths.ts";

const probing = new Set(checks.filter(({ probes }) => probes).map(({ id }) => id));

/** At this commit, and tried as well as read; a demo that failed after it is CI's own end. */
function wasTried(): boolean {
  const all = readEvidence(join(here.cache, "evidence"), currentCommit(checkout));
  return all.some(({ cloud, by }) => cloud === "gcp" && probing.has(by));
}

describe.runIf(readyParts(here).includes(partOf.gcp ?? ""))("a customer in Google Cloud beside its region", () => {
  it("was tried at this commit, or comes up, runs a task and is tried; and has gone whole", async () => {
    // CI does so first of all, and once is enough; what was told of it then is judged below.
    if (!wasTried()) {
      const demo = await biplane(["demo", "--cloud", "gcp", "--probe"]);
      expect(demo.exitCode, demo.output).toBe(0);
      expect(wasTried()).toBe(true);
    }
    expect(await leftovers()).toEqual([]);
  });

  it("has 40 promises and more decided by reading alone, none failing, and no gap that nobody has accepted", async () => {
    const { exitCode, output } = await biplane(["claims", "--json", "--cloud", "gcp"]);
    expect(exitCode, output).toBe(0);
    const { claims } = claimsReportSchema.parse(JSON.parse(output));
    const of = (...states: string[]) => claims.filter(({ state }) => states.includes(state));
    expect(of("proven", "superseded").filter(({ kind }) => kind === "read-only").length).toBeGreaterThanOrEqual(40);
    expect(of("failing")).toEqual([]);
    expect(of("notEvaluated").filter(({ by }) => !by.includes("accepted gap"))).toEqual([]);
    const tried = of("proven").flatMap(({ by }) => by.filter((id) => probing.has(id)));
    expect([...new Set(tried)].sort()).toEqual(expect.arrayContaining(["IAM-10", "NS-05"]));
  });
});
