/** The customer's cluster as its administrator reaches it, and a port of a service in it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { network } from "../../sandbox/hosts.ts";
import { enterNetwork } from "../../sandbox/network/namespace.ts";
import { planeCluster } from "./plane-cluster.ts";

export const customerCluster = planeCluster("customer");
export const { namespace: platform, readyPods, leaderOf, killPod, settingsOf, without } = customerCluster;
const { core } = customerCluster;

export interface ForwardedPort {
  port: number;
  close(): void;
}

/**
 * The service's port in the cluster, on loopback. The platform's admission refuses sessions such as `kubectl
 * port-forward`, so this goes in as the node itself does: only where the cluster is one of ours.
 */
export async function forwardPort(service: string, target: number): Promise<ForwardedPort> {
  const { spec } = await core.readNamespacedService({ namespace: platform, name: service });
  const path = join(mkdtempSync(join(tmpdir(), "biplane-port-")), "socket");
  const [command = "", ...args] = enterNetwork(network.hosts.customer.namespace);
  const inside = `
    const { connect, createServer } = require("node:net");
    createServer((near) => {
      const far = connect(${target}, ${JSON.stringify(spec?.clusterIP)});
      near.on("error", () => far.destroy());
      far.on("error", () => near.destroy());
      near.pipe(far).pipe(near);
    }).listen(${JSON.stringify(path)}, () => console.log("listening"));`;
  const relay = spawn(command, [...args, process.execPath, "-e", inside], { stdio: ["ignore", "pipe", "inherit"] });
  await once(relay.stdout, "data");
  const server = createServer((near) => {
    const far = connect(path);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    relay.kill();
    rmSync(dirname(path), { recursive: true, force: true });
  };
  return { port: (server.address() as AddressInfo).port, close };
}
