/** Writes docs/claims.md, every claim with what decides it: `node verify/claims/document.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Deciders, readDeciders } from "./deciders.ts";
import { type Claim, ledger } from "./ledger.ts";

const checkout = join(import.meta.dirname, "../..");
export const claimsDocument = join(checkout, "docs/claims.md");

/** By the first three digits of a claim's source. */
const documents: Readonly<Record<string, string>> = {
  "000": "Identity and access management",
  "001": "Infrastructure security",
  "002": "Security architecture",
  "003": "Security: index and principles",
  "004": "Data plane",
};

/** Which word of the head counts a claim: the strongest that holds. */
const standings = {
  check: "by a check of `verify`",
  outdone: "outdone: a check or a test proves a stricter statement, by a decision record",
  test: "by a test alone",
  limit: "not here, for the reason given",
  attestation: "by papers outside the system",
  open: "by nothing yet",
} as const;

type Standing = keyof typeof standings;

export function standingOf({ kind }: Claim, deciders: Deciders | undefined): Standing {
  if (deciders?.limit !== undefined) return "limit";
  if (deciders && deciders.checks.length > 0) return "check";
  if (deciders && deciders.outdone.length > 0) return "outdone";
  if (deciders && deciders.tests.length > 0) return "test";
  return kind === "attestation" ? "attestation" : "open";
}

export function renderClaims(claims: readonly Claim[], deciders: ReadonlyMap<string, Deciders>): string {
  const counted = Object.groupBy(claims, (claim) => standingOf(claim, deciders.get(claim.id)));
  const counts = Object.entries(standings).map(
    ([standing, words]) => `| ${words} | ${counted[standing as Standing]?.length ?? 0} |`,
  );
  const parts = Object.entries(documents).map(([number, title]) => {
    const own = claims.filter(({ source }) => source.startsWith(number));
    return `## ${number} ${title} (${own.length})\n\n${head}\n${own.map((claim) => row(claim, deciders.get(claim.id))).join("\n")}\n`;
  });
  const aliases = Object.entries(ledger.aliases).map(
    ([alias, of]) => `| \`${alias}\` | ${[...new Set(of)].map((id) => `\`${id}\``).join(", ")} |`,
  );
  return `# Claims

Written by \`node verify/claims/document.ts\` from \`verify/claims/ledger.json\`, the checks, the tests, the accepted gaps and what
\`verify/claims/undecided.yaml\` says is missing. What decides a claim stands here; whether it was decided, at which commit, says \`./biplane claims\`.

| decided | claims |
| --- | ---: |
${counts.join("\n")}
| **all** | **${claims.length}** |

${parts.join("\n")}
## Restated (${aliases.length})

Rows of the documents that say again what another row says.

| claim | restates |
| --- | --- |
${aliases.join("\n")}
`;
}

const head = `| claim | where | statement | plane | clouds, models | kind | decided by |
| --- | --- | --- | --- | --- | --- | --- |`;

function row(claim: Claim, deciders: Deciders | undefined): string {
  const place = claim.source.slice(4);
  const where = [
    claim.clouds.length === 3 ? "all" : claim.clouds.join(" "),
    ...(claim.models.length === 2 ? [] : claim.models),
  ];
  const cells = [
    `\`${claim.id}\``,
    place,
    claim.statement,
    claim.plane,
    where.join(", "),
    claim.kind,
    decidedBy(claim, deciders),
  ];
  return `| ${cells.map((cell) => cell.replace(/\|/g, "\\|")).join(" | ")} |`;
}

/** A check has an id, a test a path. */
const linked = (decider: string) => (decider.includes("/") ? `[${decider}](../${decider})` : decider);

function decidedBy(claim: Claim, deciders: Deciders | undefined): string {
  const named = [
    ...(deciders?.checks ?? []),
    ...(deciders?.outdone ?? []).map(({ by, record }) => `${linked(by)} ([outdone](${record.replace(/^docs\//, "")}))`),
    ...(deciders?.tests ?? []).map(linked),
    ...(deciders?.limit === undefined ? [] : [`not here: ${deciders.limit}`]),
  ];
  if (named.length > 0) return named.join(", ");
  if (claim.kind === "attestation") return "attestation";
  return deciders?.missing === undefined ? "**nothing yet**" : `**nothing yet**: ${deciders.missing}`;
}

if (import.meta.main) writeFileSync(claimsDocument, renderClaims(ledger.claims, readDeciders(checkout)));
