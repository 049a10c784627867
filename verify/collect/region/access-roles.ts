/** The roles that the API tells an administrator of one organisation. */
import { readFileSync } from "node:fs";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { PolicyService } from "../../../gen/biplane/policy/v1/policy_pb.js";
import { signIn } from "../../../shared/sign-in.ts";
import type { Collected } from "../../facts.ts";
import type { ControlPlane } from "../../target.ts";
import { attempt } from "../attempt.ts";

export async function collectAccessRoles(target: ControlPlane): Promise<Pick<Collected, "regionAccessRoles">> {
  const { endpoint, caFile, signIn: known } = target;
  return {
    regionAccessRoles: await attempt(`biplane.policy.v1.PolicyService/List of ${endpoint}`, async () => {
      if (!known) throw new Error("the target names nobody to sign in (controlPlane.signIn)");
      const ca = caFile ? readFileSync(caFile, "utf8") : undefined;
      const secret = readFileSync(known.clientSecretFile, "utf8").trim();
      const token = await signIn({ endpoint, clientId: known.clientId, secret, ca });
      const transport = createConnectTransport({
        ...{ baseUrl: `https://${endpoint}`, httpVersion: "2", nodeOptions: ca ? { ca } : {} },
        defaultTimeoutMs: 10_000,
      });
      const headers = { authorization: `Bearer ${token}` };
      const { roles } = await createClient(PolicyService, transport).list({}, { headers });
      return roles.map(({ name, builtin, actions }) => ({ name, builtin, actions: [...actions] }));
    }),
  };
}
