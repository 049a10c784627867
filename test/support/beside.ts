/**
 * A call to a plane's own service from beside it, as its neighbours make it: no policy of ours lets anybody forward a port,
 * so the way in is the node's own network.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { network, type Plane } from "../../sandbox/hosts.ts";
import { enterNetwork } from "../../sandbox/network/namespace.ts";
import { streamWindowBytes } from "../../services/shared/limits.ts";
import type { ServiceTls } from "../../services/shared/service-tls.ts";
import { kubectl, platform } from "./kubectl.ts";
import { callersOf, hostOf, serviceTls } from "./service-tls.ts";

const program = fileURLToPath(new URL("./beside-main.ts", import.meta.url));

export interface Beside {
  transport: Transport;
  close(): void;
}

/**
 * @param service with in-cluster RPC, such as `objectstore`
 * @param shows whose certificate is shown. @default that of one who may call it
 */
export async function beside(plane: Plane, service: string, shows?: Partial<ServiceTls>): Promise<Beside> {
  const [caller = ""] = await callersOf(plane, service);
  const known = await serviceTls(plane, caller);
  const tls = shows ? { ca: known.ca, ...shows } : known;
  const get = ["get", "service", service, "--namespace", platform[plane], "--output=jsonpath={.spec.clusterIP}"];
  const { path, close } = await wayTo(plane, await kubectl(plane, ...get), 8080);
  const shown = { ...tls, path, servername: hostOf(plane, service), ALPNProtocols: ["h2"] };
  const nodeOptions = { createConnection: () => connect(shown), settings: { initialWindowSize: streamWindowBytes } };
  // As services call each other: see services/shared/client.ts.
  const asServices = { httpVersion: "2" as const, acceptCompression: [], nodeOptions };
  return { transport: createConnectTransport({ ...asServices, baseUrl: `https://${service}` }), close };
}

/** @returns a socket of this machine's, whose connections go on to the address as the node makes them */
export async function wayTo(plane: Plane, address: string, port: number): Promise<{ path: string; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "biplane-beside-"));
  const path = join(folder, "socket");
  const [command = "", ...enter] = enterNetwork(network.hosts[plane].namespace);
  const child = fork(program, [path, address, String(port)], {
    execPath: command,
    execArgv: [...enter, process.execPath],
  });
  await once(child, "message");
  return {
    path,
    close() {
      child.disconnect();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
