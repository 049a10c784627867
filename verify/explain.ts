/** A check, or a claim, in words: what it says, what decides it, what was seen to turn it red. */
import { refusal } from "../shared/errors.ts";
import type { AnyCheck } from "./check.ts";
import { checks } from "./checks/index.ts";
import { findClaim, ledger } from "./claims/ledger.ts";
import { documentedCommands } from "./documented/commands.ts";

/** @param id of a check (`NS-04`), or of a claim of the ledger. @throws UserError for any other */
export function explain(id: string): string {
  const check = checks.find((one) => one.id === id.toUpperCase());
  if (check) return explainCheck(check);
  if (findClaim(id)) return explainClaim(id);
  const restated = ledger.aliases[id];
  if (restated) return `${id} restates ${[...new Set(restated)].join(", ")}.\n`;
  throw refusal({ subject: "explain", value: id, allowed: "id of a check (NS-04) or of a claim (docs/claims.md)" });
}

function explainCheck(check: AnyCheck): string {
  const { id, title, severity, plane, claims, supersedes = {}, documented, needs, sabotages, fix } = check;
  const commands = documentedCommands.filter(({ group }) => documented.includes(group));
  return lines([
    `${id}  ${title}`,
    `severity ${severity}, ${plane} plane`,
    ...part("A PASS proves", claims.map(tellClaim)),
    ...part(
      "It proves a stricter statement than",
      Object.entries(supersedes).map(([claim, record]) => `${tellClaim(claim)}  (${record})`),
    ),
    ...part("It reads", [needs.join(", "), "one of them refused, cut short or empty: NOT_EVALUATED, never PASS"]),
    ...part(
      "Documented commands beside it",
      commands.map(({ line, weakness }) => (weakness ? `${line}\n    cannot show: ${weakness}` : line)),
    ),
    ...part(
      "Each of these turns it red, tried in every run that passes",
      sabotages.map(({ name }) => name),
    ),
    ...part("If it fails", [fix]),
  ]);
}

function explainClaim(id: string): string {
  const by = checks.filter(({ claims }) => claims.includes(id)).map((check) => `${check.id}  ${check.title}`);
  const outdone = checks.filter(({ supersedes = {} }) => id in supersedes);
  const { kind, plane, clouds, models } = findClaim(id) ?? {};
  return lines([
    tellClaim(id),
    `${kind}, ${plane} plane${plane === "both" ? "s" : ""}, ${clouds?.join(", ")}, ${models?.join(" and ")}`,
    ...part("Decided by", by),
    ...part(
      "Outdone by",
      outdone.map((check) => `${check.id}  ${check.title}  (${check.supersedes?.[id]})`),
    ),
    ...(by.length + outdone.length > 0 ? [] : ["", "No check decides it; docs/claims.md says what else does."]),
  ]);
}

function tellClaim(id: string): string {
  const claim = findClaim(id);
  return claim ? `${id}: ${claim.statement}  (${claim.source})` : id;
}

function part(title: string, items: readonly string[]): string[] {
  return items.length > 0 ? ["", `${title}:`, ...items.map((item) => `  ${item}`)] : [];
}

const lines = (all: readonly string[]) => `${all.join("\n")}\n`;
