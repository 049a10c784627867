/**
 * The relay's other replicas. A balancer spreads tunnels and callers over replicas independently, so a call may come to
 * one where the cluster has no tunnel: it then goes on to one that has, and never further.
 */
import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { type Upstream, upstream } from "../../shared/client.ts";
import type { ClusterName } from "../../shared/cluster-identity.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import type { StreamSource } from "../../shared/proxy.ts";
import { believedMs, tunnelPath } from "./tunnels.ts";

export interface Peers {
  /** How many other replicas there are. */
  count(): number;
  /** A replica that has a tunnel to the cluster. @returns undefined where none says so within a second. */
  having(name: ClusterName): Promise<StreamSource | undefined>;
  close(): void;
}

export interface PeersOptions {
  /** Base URLs of the other replicas as they are now. */
  find(): Promise<string[]>;
  /** By one of those. @default in clear */
  dial?: ((url: string) => Upstream) | undefined;
  /** After one has come or gone. */
  onChange(): void;
  log: Logger;
}

const findEveryMs = 2_000;
const answerWithinMs = 1_000;

export function openPeers({ find, dial = upstream, onChange, log }: PeersOptions): Peers {
  const known = new Map<string, Upstream>();
  const found = new Map<string, { url: string; until: number }>();
  const stop = new AbortController();

  const look = async () => {
    const urls = new Set(await find());
    if (stop.signal.aborted) return;
    const come = [...urls].filter((url) => !known.has(url));
    const gone = [...known].filter(([url]) => !urls.has(url));
    for (const url of come) known.set(url, dial(url));
    for (const [url, peer] of gone) {
      known.delete(url);
      peer.close();
    }
    if (come.length + gone.length > 0) onChange();
  };
  const keepLooking = async () => {
    while (!stop.signal.aborted) {
      await look().catch((error: unknown) => log.warn("the other relays cannot be looked up", { error }));
      await pause(findEveryMs, stop.signal);
    }
  };
  void keepLooking();
  return {
    count: () => known.size,
    async having(name) {
      const key = tunnelPath(name);
      const last = found.get(key);
      const kept = last && last.until > Date.now() ? known.get(last.url) : undefined;
      if (kept) return kept.sessions;
      found.delete(key);
      const asked = [...known].map(async ([url, peer]) => {
        await requireTunnel(peer, key);
        return { url, peer };
      });
      // None of them: refused by whoever asked.
      const first = await Promise.any(asked).catch(() => undefined);
      if (!first) return undefined;
      found.set(key, { url: first.url, until: Date.now() + believedMs });
      return first.peer.sessions;
    },
    close() {
      stop.abort();
      for (const peer of known.values()) peer.close();
      known.clear();
    },
  };
}

/** @param url of a name that answers with the address of every replica, such as a headless Service */
export async function otherReplicas(url: string): Promise<string[]> {
  const { protocol, hostname, port } = new URL(url);
  const own = new Set(
    Object.values(networkInterfaces())
      .flat()
      .map((each) => each?.address),
  );
  const all = await lookup(hostname, { all: true });
  return all
    .filter(({ address }) => !own.has(address))
    .map(({ address }) => `${protocol}//${isIPv6(address) ? `[${address}]` : address}:${port}`);
}

async function requireTunnel({ sessions }: Upstream, path: string): Promise<void> {
  const late = AbortSignal.timeout(answerWithinMs);
  const status = await new Promise<number>((resolve, reject) => {
    late.addEventListener("abort", () => reject(new Error("a relay did not answer in time")));
    sessions.request("GET", path, {}, {}).then((stream) => {
      stream.once("response", (headers) => resolve(headers[":status"] ?? 0));
      stream.once("error", reject);
      stream.once("close", () => reject(new Error("a relay did not answer")));
      stream.resume().end();
    }, reject);
  });
  if (status !== 200) throw new Error("that relay has no tunnel to the cluster");
}
