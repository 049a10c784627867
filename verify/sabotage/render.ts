/** Proofs in words. */
import type { Denial } from "./denials.ts";
import { isWhole, killRate, type Proof } from "./prove.ts";

export function isProven(proofs: readonly Proof[], denials: readonly Denial[]): boolean {
  return proofs.every(isWhole) && denials.every(({ passed }) => passed.length === 0);
}

export function renderProofs(proofs: readonly Proof[], denials: readonly Denial[]): string {
  const { killed, tried } = killRate(proofs);
  const skipped = proofs.filter((proof) => proof.skipped);
  const held = denials.filter(({ passed }) => passed.length === 0);
  return [
    ...proofs.flatMap(tellProof),
    ...denials
      .filter(({ passed }) => passed.length > 0)
      .map(({ fact, failure, passed }) => `HOLE   ${fact}, ${failure}: ${passed.join(", ")} passed all the same`),
    `${proofs.length - skipped.length} checks broken in ${tried} ways, ${killed} seen (kill rate ${rate(killed, tried)}); ${skipped.length} not broken`,
    `${denials.length} requests refused, cut off or empty: ${held.length} times no check that reads it passed`,
  ].join("\n");
}

const rate = (part: number, all: number) => (all === 0 ? "none" : `${((100 * part) / all).toFixed(1)} %`);

function tellProof(proof: Proof): string[] {
  const { check, skipped, breaks, ordered } = proof;
  if (skipped !== undefined) return [`-      ${check.padEnd(8)} not broken: ${skipped}`];
  return [
    `${isWhole(proof) ? "proven" : "HOLE  "} ${check.padEnd(8)} ${breaks.length} breaks`,
    ...(breaks.length === 0 ? ["                  this snapshot has nothing that its sabotages break"] : []),
    ...ordered.map(
      (order) => `                  not tried with its lists turned (${order}): untouched, it does not pass so`,
    ),
    ...breaks.flatMap(({ sabotage, variants, finding, flips, unlisted }) => [
      `         ${sabotage}: ${variants.map(({ variant, red }) => (red ? variant : `NOT SEEN ${variant}`)).join(", ")}`,
      ...(finding === undefined ? [] : [`           → ${finding}`]),
      ...(flips.length > 0 ? [`           also turns ${flips.join(", ")}`] : []),
      ...(unlisted.length > 0 ? [`           NOT LISTED for it: ${unlisted.join(", ")}`] : []),
    ]),
  ];
}
