/** Writes docs/parity.md, what decides each control in each cloud: `node verify/claims/parity-document.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cloud, cloudNames, clouds } from "../check.ts";
import { checks } from "../checks/index.ts";
import { type Cell, cellsOf, readParityWaivers } from "../parity.ts";

export const parityDocument = join(import.meta.dirname, "../../docs/parity.md");

export function renderParity(cells: readonly Cell[]): string {
  const claims = [...new Set(cells.map(({ claim }) => claim))].sort();
  const counted = clouds.map((cloud) => {
    const own = cells.filter((cell) => cell.cloud === cloud);
    const decided = own.filter(({ by }) => by.length > 0).length;
    return `| ${cloudNames[cloud]} | ${decided} | ${own.length - decided} |`;
  });
  const cellOf = (claim: string, cloud: Cloud) => {
    const cell = cells.find((one) => one.claim === claim && one.cloud === cloud);
    if (!cell) return "not of this cloud";
    if (cell.by.length > 0) return cell.by.join(", ");
    return cell.waiver ? `waived until ${cell.waiver.until}: ${cell.waiver.reason}` : "**nothing**";
  };
  return `# Controls by cloud

Written by \`node verify/claims/parity-document.ts\` from the checks of \`verify\` and \`verify/parity.yaml\`. A row is a claim that
a check decides somewhere; a cell names the checks that decide it in that cloud, or until when it is put off, and why. On a
plane in that cloud \`./biplane verify\` tells each waived claim as not decided, and answers 2 for one whose day is over.
Regions stand in AWS alone, so their checks count for customers of every cloud. Claims that only tests decide stand in
[claims.md](claims.md).

| cloud | decided | waived |
| --- | ---: | ---: |
${counted.join("\n")}

| claim | ${clouds.map((cloud) => cloudNames[cloud]).join(" | ")} |
| --- | ${clouds.map(() => "---").join(" | ")} |
${claims.map((claim) => `| \`${claim}\` | ${clouds.map((cloud) => cellOf(claim, cloud)).join(" | ")} |`).join("\n")}
`;
}

if (import.meta.main) writeFileSync(parityDocument, renderParity(cellsOf(checks, readParityWaivers())));
