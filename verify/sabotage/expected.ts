/** Writes what each sabotage does to the good plane: `node verify/sabotage/expected.ts`. */
import { writeFileSync } from "node:fs";
import { checks } from "../checks/index.ts";
import { goodAzureFacts, goodAzureTargets } from "../testing/good-azure.ts";
import { goodAzureByocFacts, goodAzureByocTargets } from "../testing/good-azure-byoc.ts";
import { goodByocFacts, goodByocTarget } from "../testing/good-byoc.ts";
import { goodGoogleFacts, goodGoogleTargets } from "../testing/good-google.ts";
import { goodGoogleByocFacts, goodGoogleByocTargets } from "../testing/good-google-byoc.ts";
import { collectedFrom, goodFacts, goodTargets } from "../testing/good-plane.ts";
import { type Expected, expectedPath, listed } from "./listed.ts";
import { type Proof, proveAll } from "./prove.ts";

/** Of every check: on the self-managed plane, or on the BYOC one or that on another cloud when it applies to that alone. */
export function proofsOnTheGoodPlane(): Proof[] {
  const byoc = { ...goodTargets, customer: goodByocTarget };
  const own = checks.filter((check) => !check.notApplicable?.(goodTargets));
  const google = checks.filter(({ clouds }) => clouds.join() === "gcp");
  const azure = checks.filter(({ clouds }) => clouds.join() === "azure");
  const azureOwn = azure.filter((check) => !check.notApplicable?.(goodAzureTargets));
  const azureByoc = azure.filter((check) => !azureOwn.includes(check));
  const googleOwn = google.filter((check) => !check.notApplicable?.(goodGoogleTargets));
  const googleByoc = google.filter((check) => !googleOwn.includes(check));
  const others = checks.filter((check) => ![own, google, azure].some((found) => found.includes(check)));
  const googleByocPlane = { collected: collectedFrom(goodGoogleByocFacts()), targets: goodGoogleByocTargets };
  const azureByocPlane = { collected: collectedFrom(goodAzureByocFacts()), targets: goodAzureByocTargets };
  return [
    ...proveAll(own, { collected: collectedFrom(goodFacts()), targets: goodTargets }, checks, listed),
    ...proveAll(others, { collected: collectedFrom(goodByocFacts()), targets: byoc }, checks, listed),
    ...proveAll(googleByoc, googleByocPlane, checks, listed),
    ...proveAll(googleOwn, { collected: collectedFrom(goodGoogleFacts()), targets: goodGoogleTargets }, checks, listed),
    ...proveAll(azureByoc, azureByocPlane, checks, listed),
    ...proveAll(azureOwn, { collected: collectedFrom(goodAzureFacts()), targets: goodAzureTargets }, checks, listed),
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
