/** Calls of the relay's own to the Cluster service, made as the cluster that has come. */
import type { CallOptions, Transport } from "@connectrpc/connect";
import type { Presented } from "../../shared/cluster-identity.ts";
import type { Logger } from "../../shared/log.ts";
import type { Minter } from "./minter.ts";

export interface ClusterCalls {
  /** To the Cluster service. */
  cluster: Transport;
  mint: Minter["mint"];
  log: Logger;
}

/** Far below the minute after which what was revoked must be out of use. */
const answerWithinMs = 5_000;

export async function callAs(came: Presented, mint: Minter["mint"]): Promise<CallOptions> {
  return { timeoutMs: answerWithinMs, headers: { authorization: `Bearer ${await mint(came)}` } };
}
