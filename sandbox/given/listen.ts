/** A listening socket in another network namespace than the one that its connections are answered from. */
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { enterNetwork } from "../network/namespace.ts";
import type { Place } from "./gate-config.ts";

/**
 * Sockets belong to the namespace that they are made in: a helper enters it, listens, and hands the socket over. So one
 * process can accept where the local run's hosts look for a cluster, and dial from the machine, which alone reaches it.
 */
export function listenAt({ namespace, address, port }: Place): Promise<Server> {
  if (namespace === undefined) {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, address, () => resolve(server));
    });
  }
  const [command = "", ...enter] = enterNetwork(namespace);
  const helper = fileURLToPath(new URL("./listen-main.ts", import.meta.url));
  const child = spawn(command, [...enter, process.execPath, helper, address, String(port)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`cannot listen on ${address}:${port} in ${namespace} (${code})`)));
    child.once("message", (_, server) => {
      resolve(server as Server);
      child.disconnect();
    });
  });
}
