/** What the API tells an administrator of one organisation: the roles that there are, and which clusters are heard of. */
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { ClusterAdminService } from "../../../gen/biplane/cluster/v1/registration_pb.js";
import { PolicyService } from "../../../gen/biplane/policy/v1/policy_pb.js";
import type { Collected } from "../../facts.ts";
import type { ControlPlane } from "../../target.ts";
import { attempt } from "../attempt.ts";
import { signedIn } from "./signed-in.ts";

export async function collectApi(
  target: ControlPlane,
): Promise<Pick<Collected, "regionAccessRoles" | "regionClusters">> {
  const entered = signedIn(target);
  // Each fact tells of a failure itself.
  entered.catch(() => undefined);
  const at = (method: string) => `${method} of ${target.endpoint}`;
  const [regionAccessRoles, regionClusters] = await Promise.all([
    attempt(at("biplane.policy.v1.PolicyService/List"), async () => {
      const { transport, authorization } = await entered;
      const { roles } = await createClient(PolicyService, transport).list({}, { headers: { authorization } });
      return roles.map(({ name, builtin, actions }) => ({ name, builtin, actions: [...actions] }));
    }),
    attempt(at("biplane.cluster.v1.ClusterAdminService/ListClusters"), async () => {
      const { transport, authorization } = await entered;
      const { clusters } = await createClient(ClusterAdminService, transport).listClusters(
        {},
        { headers: { authorization } },
      );
      return clusters.map(({ cluster, healthy, connections, heardAt }) => ({
        ...{ cluster, healthy, connections },
        ...(heardAt ? { heardSecondsAgo: secondsSince(heardAt) } : {}),
      }));
    }),
  ]);
  return { regionAccessRoles, regionClusters };
}

/** By this machine's clock; a region's that goes ahead of it says 0. */
function secondsSince(at: Timestamp): number {
  return Math.max(0, Math.round((Date.now() - timestampMs(at)) / 1000));
}
