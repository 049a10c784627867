/** The main job with the customer's plane in another cloud than its region, and what that decided. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Cloud } from "../../components/identity/contract.ts";
import { partOf } from "../../sandbox/local-run.ts";
import { readyParts } from "../../sandbox/toolchain/index.ts";
import { checks } from "../../verify/checks/index.ts";
import { currentCommit, readEvidence } from "../../verify/claims/evidence.ts";
import { claimsReportSchema } from "../../verify/claims/state.ts";
import { biplane } from "../support/biplane.ts";
import { leftovers } from "../support/leftovers.ts";
import { checkout, here } from "../support/paths.ts";

const probing = new Set(checks.filter(({ probes }) => probes).map(({ id }) => id));

export interface BesideRegion {
  cloud: Exclude<Cloud, "aws">;
  /** Promises that reading alone decides, at least. */
  byReading: number;
  /** Checks that must have decided something: the cloud's own, and those that try. */
  by: string[];
}

/** Where that cloud's part of the toolchain is built. */
export function describeBesideRegion({ cloud, byReading, by }: BesideRegion): void {
  /** At this commit, and tried as well as read; a demo that failed after it is CI's own end. */
  const wasTried = () => {
    const all = readEvidence(join(here.cache, "evidence"), currentCommit(checkout));
    return all.some((evidence) => evidence.cloud === cloud && probing.has(evidence.by));
  };
  describe.runIf(readyParts(here).includes(partOf[cloud] ?? ""))(`a customer on ${cloud} beside its region`, () => {
    it("was tried at this commit, or comes up, runs a task and is tried; and has gone whole", async () => {
      // CI does so first of all, and once is enough; what was told of it then is judged below.
      if (!wasTried()) {
        const demo = await biplane(["demo", "--cloud", cloud, "--probe"]);
        expect(demo.exitCode, demo.output).toBe(0);
        expect(wasTried()).toBe(true);
      }
      expect(await leftovers()).toEqual([]);
    });

    it(`has ${byReading} promises and more decided by reading, none failing, and no gap that nobody accepted`, async () => {
      const { exitCode, output } = await biplane(["claims", "--json", "--cloud", cloud]);
      expect(exitCode, output).toBe(0);
      const { claims } = claimsReportSchema.parse(JSON.parse(output));
      const of = (...states: string[]) => claims.filter(({ state }) => states.includes(state));
      const read = of("proven", "superseded").filter(({ kind }) => kind === "read-only");
      expect(read.length).toBeGreaterThanOrEqual(byReading);
      expect(of("failing")).toEqual([]);
      expect(of("notEvaluated").filter(({ by }) => !by.includes("accepted gap"))).toEqual([]);
      const decided = of("proven").flatMap((claim) => claim.by);
      expect([...new Set(decided)].sort()).toEqual(expect.arrayContaining(by));
    });
  });
}
