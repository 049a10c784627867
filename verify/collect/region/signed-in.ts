/** The region's API as an administrator of one organisation has it. */
import { readFileSync } from "node:fs";
import { createConnectTransport } from "@connectrpc/connect-node";
import { signIn } from "../../../shared/sign-in.ts";
import type { ControlPlane } from "../../target.ts";
import { patienceMs } from "../attempt.ts";

/** @throws Error where the target names nobody, UserError where the region does not let them in. */
export async function signedIn({ endpoint, caFile, signIn: known }: ControlPlane) {
  if (!known) throw new Error("the target names nobody to sign in (controlPlane.signIn)");
  const ca = caFile ? readFileSync(caFile, "utf8") : undefined;
  const secret = readFileSync(known.clientSecretFile, "utf8").trim();
  const token = await signIn({ endpoint, clientId: known.clientId, secret, ca });
  const transport = createConnectTransport({
    ...{ baseUrl: `https://${endpoint}`, httpVersion: "2", nodeOptions: ca ? { ca } : {} },
    defaultTimeoutMs: patienceMs,
  });
  return { transport, authorization: `Bearer ${token}` };
}
