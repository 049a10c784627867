/**
 * Stands for `cloudflared` in the pods of the gate, with its arguments, its token and its health. It dials out, and what the edge
 * brings down a connection goes to the pod's own loopback, byte by byte.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { tunnelHost, tunnelPorts } from "../../hosts.ts";
import { startConnector } from "./connector.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "no-autoupdate": { type: "boolean" },
    protocol: { type: "string" },
    metrics: { type: "string" },
    "token-file": { type: "string" },
  },
});
const { metrics = "" } = values;
const command = positionals.join(" ");

switch (command) {
  case "tunnel run":
    run();
    break;
  case "tunnel ready":
    process.exitCode = (await fetch(`http://${metrics}/ready`)).ok ? 0 : 1;
    break;
  default:
    throw new Error(`${command}: this knows "tunnel run" and "tunnel ready" alone`);
}

function run(): void {
  const [address = "", port = ""] = metrics.split(":");
  const connector = startConnector({
    host: tunnelHost,
    port: tunnelPorts.connectors,
    token: readFileSync(values["token-file"] ?? "", "utf8").trim(),
  });
  createServer((_request, response) => response.writeHead(connector.isReady() ? 200 : 503).end()).listen(
    Number(port),
    address,
  );
  process.once("SIGTERM", () => process.exit(0));
}
