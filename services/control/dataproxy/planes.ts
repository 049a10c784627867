/** Finds the caller's compute plane and addresses calls to it, with the caller's own token. */
import { type CallOptions, createClient, type Transport } from "@connectrpc/connect";
import { PlacementService } from "../../../gen/biplane/cluster/v1/registration_pb.js";
import { type Caller, forwardToken } from "../../shared/auth/caller.ts";
import { unaryCall } from "../../shared/client.ts";
import { clusterHeader } from "../../shared/headers.ts";
import { renewed } from "../../shared/renewed.ts";

/** A placement is believed this long; a lost plane then shows as "unavailable" from the relay. */
const keptMs = 5_000;

/** Long enough for the largest object over a far tunnel. */
const objectCall = { timeoutMs: 60_000 };
/** A stream lives as long as its action. */
export const noLimit = {};

export interface Planes {
  /** Options for a call through the relay. @throws failed_precondition: no plane of the organisation is connected. */
  callTo(caller: Caller, signal: AbortSignal, limit?: Pick<CallOptions, "timeoutMs">): Promise<CallOptions>;
}

export function planes(cluster: Transport, now: () => number = Date.now): Planes {
  const placement = createClient(PlacementService, cluster);
  const kept = renewed<string>({ keptMs, now });
  // By caller, so that nobody is refused for what another's token is worth.
  const resolve = (caller: Caller) =>
    kept(caller.token, async () => {
      const answer = await placement.resolveCluster({}, { ...unaryCall, headers: forwardToken(caller) });
      return answer.cluster;
    });
  return {
    async callTo(caller, signal, limit = objectCall) {
      const name = await resolve(caller);
      return { headers: { ...forwardToken(caller), [clusterHeader]: `${caller.org}/${name}` }, signal, ...limit };
    },
  };
}
