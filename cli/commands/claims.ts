import { join } from "node:path";
import { paths } from "../../sandbox/paths.ts";
import { currentCommit, readEvidence } from "../../verify/claims/evidence.ts";
import { ledger } from "../../verify/claims/ledger.ts";
import { claimStates, inCloud, stateOfClaims } from "../../verify/claims/state.ts";
import type { CommandOptions } from "../config.ts";
import { checkout } from "../context.ts";
import { plainTable, printJson } from "../print.ts";

export async function claims({ json, cloud }: CommandOptions<"claims">): Promise<number> {
  const commit = currentCommit(checkout);
  const evidence = readEvidence(join(paths().cache, "evidence"), commit);
  const own = cloud === undefined ? { claims: ledger.claims, evidence } : inCloud(ledger.claims, evidence, cloud);
  const report = stateOfClaims(own.claims, own.evidence, commit);
  if (json) {
    printJson(report);
    return 0;
  }
  const table = plainTable(["claim", "state", "decided by"]);
  for (const { id, state, by } of report.claims.filter(({ state }) => state !== "open")) {
    table.push([id, state, by.join(", ")]);
  }
  process.stdout.write(`${table.toString()}\n`);
  const counts = claimStates.map((state) => `${report[state]} ${state}`).join(" · ");
  process.stdout.write(`${report.total} claims at ${commit}: ${counts}\n`);
  return 0;
}
