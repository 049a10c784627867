/** The front on a port of its own, and an agent that reaches it whatever host a client names. */
import { once } from "node:events";
import { Agent, createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Emulator } from "../emulator.ts";
import { createFront } from "../front.ts";

export async function serveFront(config: Parameters<typeof createFront>[0], emulator: Emulator) {
  const handle = createFront(config, emulator);
  const front = createServer((request, response) => void handle(request, response)).listen(0, "127.0.0.1");
  await once(front, "listening");
  const httpAgent = new Agent();
  httpAgent.createConnection = () => connect((front.address() as AddressInfo).port, "127.0.0.1");
  return { httpAgent, close: () => front.close().closeAllConnections() };
}
