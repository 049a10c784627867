/** Writes what each sabotage does to the good plane: `node verify/sabotage/expected.ts`. */
import { writeFileSync } from "node:fs";
import { checks } from "../checks/index.ts";
import { goodByocFacts, goodByocTarget } from "../testing/good-byoc.ts";
import { goodGoogleFacts, goodGoogleTargets } from "../testing/good-google.ts";
import { goodGoogleByocFacts, goodGoogleByocTargets } from "../testing/good-google-byoc.ts";
import { collectedFrom, goodFacts, goodTargets } from "../testing/good-plane.ts";
import { type Expected, expectedPath, listed } from "./listed.ts";
import { type Proof, proveAll } from "./prove.ts";

/** Of every check: on the self-managed plane, or on the BYOC one or that on Google Cloud when it applies to that alone. */
export function proofsOnTheGoodPlane(): Proof[] {
  const byoc = { ...goodTargets, customer: goodByocTarget };
  const own = checks.filter((check) => !check.notApplicable?.(goodTargets));
  const google = checks.filter(({ clouds }) => !clouds.includes("aws"));
  const googleOwn = google.filter((check) => !check.notApplicable?.(goodGoogleTargets));
  const googleByoc = google.filter((check) => !googleOwn.includes(check));
  const others = checks.filter((check) => !own.includes(check) && !google.includes(check));
  const googleByocPlane = { collected: collectedFrom(goodGoogleByocFacts()), targets: goodGoogleByocTargets };
  return [
    ...proveAll(own, { collected: collectedFrom(goodFacts()), targets: goodTargets }, checks, listed),
    ...proveAll(others, { collected: collectedFrom(goodByocFacts()), targets: byoc }, checks, listed),
    ...proveAll(googleByoc, googleByocPlane, checks, listed),
    ...proveAll(googleOwn, { collected: collectedFrom(goodGoogleFacts()), targets: goodGoogleTargets }, checks, listed),
  ];
}

export function expectedFrom(proofs: readonly Proof[]): Expected {
  return Object.fromEntries(
    proofs.map(({ check, breaks }) => [
      check,
      Object.fromEntries(breaks.map(({ sabotage, finding = "", flips }) => [sabotage, { finding, alsoTurns: flips }])),
    ]),
  );
}

if (import.meta.main) writeFileSync(expectedPath, `${JSON.stringify(expectedFrom(proofsOnTheGoodPlane()), null, 2)}\n`);
