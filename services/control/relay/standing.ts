/** Whether a cluster's certificate is in use: asked of the Cluster service when a connection comes, and while it lasts. */
import type { TLSSocket } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { ClusterLinkService } from "../../../gen/biplane/cluster/v1/registration_pb.js";
import type { Presented } from "../../shared/cluster-identity.ts";
import { type ClusterCalls, callAs } from "./cluster-calls.ts";

export interface Standing {
  /**
   * Fails closed: where nobody can say, nobody new comes in. What such a cluster could ask of the region would wait for
   * the same service.
   */
  mayCome(came: Presented): Promise<boolean>;
  /**
   * Cuts the connection soon after its certificate was put out of use. Where nobody can say it stays: nothing can be
   * revoked either while the Cluster service is away, and reports of running work must arrive.
   */
  watch(came: Presented, socket: TLSSocket): void;
}

/** With the time to answer far below the minute after which what was revoked must be out of use. */
const askEveryMs = 10_000;

export function certificateStanding({ cluster, mint, log }: ClusterCalls): Standing {
  const client = createClient(ClusterLinkService, cluster);
  const inUse = async (came: Presented) => (await client.checkCertificate({}, await callAs(came, mint))).inUse;
  return {
    async mayCome(came) {
      try {
        if (await inUse(came)) return true;
        log.warn("a certificate that is out of use was refused", { ...came });
      } catch (error) {
        log.warn("a connection was refused: nobody can say whether its certificate is in use", { ...came, error });
      }
      return false;
    },
    watch(came, socket) {
      const ask = () =>
        inUse(came).then(
          (still) => {
            if (still) return;
            log.warn("a connection is cut: its certificate is out of use", { ...came });
            socket.destroy();
          },
          (error: unknown) => log.warn("nobody can say whether a certificate is in use", { ...came, error }),
        );
      const asking = setInterval(ask, askEveryMs);
      socket.once("close", () => clearInterval(asking));
    },
  };
}
