/** Calls from this cluster to its region: one HTTP/2 connection, made anew when it is lost or the certificate changes. */
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { KeptSessions } from "../../shared/kept-sessions.ts";
import { maxMessageBytes, streamWindowBytes } from "../../shared/limits.ts";
import type { StreamSource } from "../../shared/proxy.ts";
import type { PingTimes } from "../../shared/session-life.ts";
import { relayTls } from "./dial.ts";
import type { Identity } from "./identity.ts";

export interface RegionLink extends StreamSource {
  /** For the tunnel's own typed calls. */
  transport(): Transport;
  /** New requests use the new identity; those in flight end as they are. */
  use(identity: Identity): void;
  close(): void;
}

export function openLink(identity: Identity, ping: PingTimes = {}): RegionLink {
  let current = connectAs(identity, ping);
  const all = new Set([current]);
  return {
    request: (...request) => current.sessions.request(...request),
    transport: () => current.transport,
    use(next) {
      current = connectAs(next, ping);
      all.add(current);
    },
    close() {
      for (const { sessions } of all) sessions.abort();
    },
  };
}

function connectAs(identity: Identity, ping: PingTimes) {
  const baseUrl = `https://${identity.relayHost}`;
  const settings = { initialWindowSize: streamWindowBytes, enablePush: false };
  const sessions = new KeptSessions(baseUrl, ping, { ...relayTls(identity), settings });
  const limits = { readMaxBytes: maxMessageBytes, writeMaxBytes: maxMessageBytes };
  const transport = createConnectTransport({ httpVersion: "2", baseUrl, sessionManager: sessions, ...limits });
  return { sessions, transport };
}
