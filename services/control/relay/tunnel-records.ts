/** Tells the Cluster service of tunnels that opened and closed, which keeps it as records of their organisation. */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import {
  RecordTunnelRequest_Change as Change,
  TunnelRecordService,
} from "../../../gen/biplane/cluster/v1/registration_pb.js";
import type { Presented } from "../../shared/cluster-identity.ts";
import { type ClusterCalls, callAs } from "./cluster-calls.ts";

export interface TunnelRecords {
  opened(came: Presented): void;
  closed(came: Presented): void;
  /** Waits for what is not told yet, but not for long. */
  close(): Promise<void>;
}

const againAfterMs = 1_000;
/** As long as a region's service may well be away; after it the record is missing, and the log says so. */
const tryForMs = 300_000;
const waitAtEndMs = 3_000;

/** One cluster's changes are told one after the other: a record is dated when it is kept. */
export function tunnelRecords({ cluster, mint, log }: ClusterCalls): TunnelRecords {
  const client = createClient(TunnelRecordService, cluster);
  const ends = new AbortController();
  const last = new Map<string, Promise<void>>();
  const tell = async (came: Presented, change: Change) => {
    for (const giveUpAt = Date.now() + tryForMs; ; ) {
      try {
        await client.recordTunnel({ change }, await callAs(came, mint));
        return;
      } catch (error) {
        if (ends.signal.aborted || Date.now() > giveUpAt) {
          log.error("a tunnel's change is not on record", { ...came, change: Change[change], error });
          return;
        }
        await sleep(againAfterMs, undefined, { ref: false });
      }
    }
  };
  const follow = (came: Presented, change: Change) => {
    const key = `${came.org}/${came.cluster}`;
    const told = (last.get(key) ?? Promise.resolve()).then(() => tell(came, change));
    last.set(key, told);
    void told.then(() => last.get(key) === told && last.delete(key));
  };
  return {
    opened: (came) => follow(came, Change.OPENED),
    closed: (came) => follow(came, Change.CLOSED),
    async close() {
      const wait = sleep(waitAtEndMs, undefined, { ref: false });
      await Promise.race([Promise.all(last.values()), wait]);
      ends.abort();
    },
  };
}
