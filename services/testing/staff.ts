/** Staff of the region within an organisation that lets them in, without the pages by which they come. */

import { sessionStore } from "../control/identity/sessions.ts";
import { createSigner } from "../control/identity/signing.ts";
import { staffGrantStore } from "../control/identity/staff-grants.ts";
import { sha256 } from "../shared/bootstrap.ts";
import type { RegionWorld } from "./region-world.ts";

const subject = "sam@biplane.test";

export interface LetIn {
  grantId: string;
  session: string;
  /** A token of that session, of another organisation where one is named. */
  token(org?: string): Promise<string>;
}

export async function letIn(world: RegionWorld, org: string, role: "support" | "operator"): Promise<LetIn> {
  const { database } = world.store;
  const asked = { subject, role, reason: "a test", grantedBy: `${org}-admin`, hours: 1 };
  const { grantId } = await staffGrantStore(database).grant(org, asked);
  const code = { kind: "code" as const, sha256: sha256(grantId), lifetimeSeconds: 60 };
  const session = await sessionStore(database).begin({ org, subject, role: "staff", grant: grantId }, code);
  const { sign } = await createSigner(world.issuer, world.signingKey);
  const holder = { subject, kind: "staff" as const, role: "none" as const, apiKey: null, session };
  return { grantId, session, token: (of = org) => sign({ ...holder, org: of }) };
}
