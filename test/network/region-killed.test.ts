/** Each of the region's services is killed in its turn, and the database restarted, while actions run and are watched. */
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { restartDatabase } from "../../sandbox/cloud/index.ts";
import { served } from "../support/apps.ts";
import { runExample } from "../support/client.ts";
import { edge, signedIn } from "../support/identities.ts";
import { environment, here } from "../support/local-run.ts";
import { recordProblems } from "../support/order.ts";
import { killHard, ready } from "../support/outage.ts";
import { runClient } from "../support/runs.ts";

const { org, project, domain } = environment;
const services = [
  ...["gateway", "identity", "runs", "actions", "cluster", "dataproxy", "relay", "audit"],
  ...(served ? ["tunnel-reconciler"] : []),
];
const long = process.env.BIPLANE_LONG === "1";
/** Real pods, each of which runs for about as long as all the killing takes. */
const [count, seconds] = long ? [50, 180] : [4, 40];
const drillMs = long ? 900_000 : 240_000;
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");
/** What a client takes for "try again". A token cannot be judged while those who know the keys are away. */
const passing = [Code.Unavailable, Code.Internal, Code.DeadlineExceeded, Code.Canceled, Code.Aborted];

/** As the real client watches: taken up again whenever it is cut. @returns the phases that it told, in their order. */
async function watch(run: string, signal: AbortSignal): Promise<ActionPhase[]> {
  const phases: ActionPhase[] = [];
  const actionId = { name: "a0", run: { org, project, domain, name: run } };
  while (phases.at(-1) !== ActionPhase.SUCCEEDED && phases.at(-1) !== ActionPhase.FAILED) {
    signal.throwIfAborted();
    try {
      const runs = createClient(RunService, edge());
      const headers = await signedIn(org, "viewer");
      for await (const { details } of runs.watchActionDetails({ actionId }, { headers, signal })) {
        const phase = details?.status?.phase ?? ActionPhase.UNSPECIFIED;
        if (phase !== phases.at(-1)) phases.push(phase);
      }
    } catch (error) {
      // The token endpoint, which is no RPC, answers a status.
      const told = error instanceof ConnectError ? passing.includes(error.code) : /: 50[0-9]$/.test(String(error));
      if (!told) throw error;
      await sleep(500, undefined, { signal });
    }
  }
  return phases;
}

describe.skipIf(!ours)("a region whose services are killed one after the other", () => {
  it(
    `loses none of ${count} actions, has each once, and ends every watch right`,
    async () => {
      const { name: first, result } = await runExample("sleeper", "sleeper", ["--seconds", String(seconds)], {
        follow: false,
      });
      expect(result.exitCode, result.stderr).toBe(0);
      const runs = await runClient();
      const names = [first, ...(await runs.again(first, count - 1))];
      const over = AbortSignal.timeout(drillMs);
      const watched = [first, first, names.at(-1) ?? ""].map((name) => watch(name, over));
      // Awaited at the end of the drill; a failure before is no stray rejection.
      for (const each of watched) each.catch(() => undefined);

      for (const service of services) {
        expect(killHard(service), service).toBeGreaterThanOrEqual(1);
        await ready("region", service);
      }
      await restartDatabase(here);
      await vi.waitFor(() => runs.details(first), { timeout: 60_000, interval: 500 });

      for (const name of names) {
        const details = await runs.ended(name, "a0", drillMs / 2);
        expect(recordProblems(details), name).toEqual([]);
      }
      for (const phases of await Promise.all(watched)) {
        expect(phases.at(-1)).toBe(ActionPhase.SUCCEEDED);
        expect(phases).toEqual(phases.toSorted((one, other) => one - other));
      }
    },
    drillMs,
  );
});
