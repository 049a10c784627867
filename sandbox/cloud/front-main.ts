/** The front's process. Argument: its configuration file (front/config.ts). */
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { packagesPort } from "../hosts.ts";
import { awaitListener } from "./await-port.ts";
import { readFrontConfig } from "./front/config.ts";
import { Emulator } from "./front/emulator.ts";
import { createFront } from "./front/front.ts";
import { createPackages } from "./packages/stand-in.ts";

/** Of one HTTP/2 connection; Node's 10 refuses new streams when a client has many large objects under way. */
const sessionMemoryMegabytes = 100;

const config = readFrontConfig(process.argv[2] ?? "");
const emulator = new Emulator(config.ports.emulator);
const stores = [config.google, config.azure].flatMap((cloud) => (cloud ? [cloud.storePort] : []));
const behind = [config.ports.objects, config.ports.login, ...stores];
await Promise.all(behind.map((port) => awaitListener("127.0.0.1", port)));
await emulator.prepare(config.operators);
const handle = createFront(config, emulator);
const server = createSecureServer(
  {
    allowHTTP1: true,
    maxSessionMemory: sessionMemoryMegabytes,
    cert: readFileSync(config.certificate),
    key: readFileSync(config.key),
  },
  (request, response) => void handle(request, response),
);
// A client that goes away in mid-stream is no fault of the front.
server.on("sessionError", () => undefined);
server.on("tlsClientError", () => undefined);
process.once("SIGTERM", () => process.exit(0));
createPackages().listen(packagesPort, config.address);
server.listen(config.port, config.address);
