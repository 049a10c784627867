/**
 * The edge's end of tunnels, standing for Cloudflare's. Arguments: folder of the run's state, certificate and key of the name that
 * connectors dial.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:tls";
import { network, tunnelPorts } from "../../hosts.ts";
import { paths } from "../../paths.ts";
import { zoneStore } from "../../providers/cloudflare/zone.ts";
import { createTunnelFront } from "./front.ts";
import { Waiting } from "./waiting.ts";
import { routeIn } from "./zone.ts";

const [state = "", certificate = "", key = ""] = process.argv.slice(2);
const zone = zoneStore(paths({ ...process.env, BIPLANE_STATE: state }));
const waiting = new Waiting((token) => zone.tunnelOf(token));
const connectors = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (socket) => {
  socket.setKeepAlive(true, 10_000);
  waiting.admit(socket).catch(() => socket.destroy());
});
connectors.on("tlsClientError", () => undefined);
connectors.listen(tunnelPorts.connectors, network.tunnelEdge);
createTunnelFront(waiting, (host) => routeIn(zone, host)).listen(tunnelPorts.front, "127.0.0.1");
process.once("SIGTERM", () => process.exit(0));
