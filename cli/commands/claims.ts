import { join } from "node:path";
import Table from "cli-table3";
import { paths } from "../../sandbox/paths.ts";
import { currentCommit, readEvidence } from "../../verify/claims/evidence.ts";
import { ledger } from "../../verify/claims/ledger.ts";
import { claimStates, stateOfClaims } from "../../verify/claims/state.ts";
import type { CommandOptions } from "../config.ts";
import { checkout } from "../context.ts";

export async function claims({ json }: CommandOptions<"claims">): Promise<number> {
  const commit = currentCommit(checkout);
  const report = stateOfClaims(ledger.claims, readEvidence(join(paths().cache, "evidence"), commit), commit);
  if (json) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return 0;
  }
  const table = new Table({ head: ["claim", "state", "decided by"], style: { head: [], border: [], compact: true } });
  for (const { id, state, by } of report.claims.filter(({ state }) => state !== "open")) {
    table.push([id, state, by.join(", ")]);
  }
  process.stdout.write(`${table.toString()}\n`);
  const counts = claimStates.map((state) => `${report[state]} ${state}`).join(" · ");
  process.stdout.write(`${report.total} claims at ${commit}: ${counts}\n`);
  return 0;
}
