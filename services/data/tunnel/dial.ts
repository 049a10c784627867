/** Connections to the relay: TLS 1.3, our certificate, and theirs checked against the authority that signed ours. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { tunnelProtocol } from "../../shared/cluster-identity.ts";
import type { Identity } from "./identity.ts";

/** What Node's `tls.connect` and `http2.connect` take alike. */
export function relayTls({ key, certificate, authority, relayHost }: Identity) {
  const { host, port } = hostAndPort(relayHost);
  return { host, port, servername: host, key, cert: certificate, ca: authority, minVersion: "TLSv1.3" as const };
}

/**
 * @param over a connection to the relay that is there already. @default a new one
 * @returns once the handshake has ended and the relay has agreed to serve a tunnel on it
 */
export async function dialRelay(identity: Identity, stop: AbortSignal, over?: Socket): Promise<TLSSocket> {
  const socket = connect({ ...relayTls(identity), ALPNProtocols: [tunnelProtocol], ...(over ? { socket: over } : {}) });
  if (!over) socket.setKeepAlive(true, 20_000);
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.any([stop, AbortSignal.timeout(10_000)]) });
    if (socket.alpnProtocol !== tunnelProtocol) throw new Error(`the relay does not speak ${tunnelProtocol}`);
    return socket;
  } catch (error) {
    socket.on("error", () => undefined).destroy();
    throw error;
  }
}

/** TCP 443 unless the region says otherwise. */
function hostAndPort(relayHost: string): { host: string; port: number } {
  const [host = "", port = "443"] = relayHost.split(":");
  return { host, port: Number(port) };
}
