/** The edge: Envoy where Cloudflare stands (address .40) and where the relay's load balancer stands (.41). */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { awaitPort } from "../cloud/await-port.ts";
import type { Sandbox } from "../context.ts";
import { recordsOf, setRecords } from "../dns.ts";
import { appsDomain, awsRegion, network, originPorts, tunnelHost, tunnelPorts, zone } from "../hosts.ts";
import { ensureAuthority, ensureLeaf, type KeyPairFiles } from "../pki.ts";
import { ensureProcess, requireRunning, stopProcess } from "../processes.ts";
import { renderEnvoyConfig } from "./envoy-config.ts";

const edgeProcess = "edge";
const tunnelsProcess = "edge-tunnels";
const originPullAuthority = "origin-pull-ca";
const tlsPort = 443;

/**
 * The authority of the certificate that the edge shows to the origin ("authenticated origin pull"). Its own, as a
 * Cloudflare zone has one: the origin must not trust whatever else the sandbox's authority has signed.
 */
export function originPull({ paths }: Sandbox): Promise<KeyPairFiles> {
  return ensureAuthority(paths, originPullAuthority);
}

/**
 * Listens before the region has a gateway: until then it answers 503, as the real edge would (521).
 *
 * @param takesTunnels where the customer's apps are reached by a connector
 */
export async function ensureEdge(sandbox: Sandbox, takesTunnels: boolean): Promise<void> {
  sandbox.progress("edge");
  const { paths, tools } = sandbox;
  const regionHost = `${awsRegion}.${zone}`;
  const authority = await ensureAuthority(paths);
  const front = await ensureLeaf(paths, {
    name: "edge",
    dns: [regionHost, `*.${regionHost}`, `*.${appsDomain}`],
  });
  const client = await ensureLeaf(paths, { name: "origin-pull", authority: originPullAuthority });
  const { address, namespace } = network.hosts.edge;
  const configuration = renderEnvoyConfig({
    front: { address, port: tlsPort, ...front },
    origin: {
      address: network.hosts.region.address,
      port: originPorts.gateway,
      authority: authority.certificate,
      clientCertificate: client.certificate,
      clientKey: client.key,
    },
    passthrough: { address: network.relayFront, port: tlsPort },
    relay: { address: network.hosts.region.address, port: originPorts.relay },
    tunnels: { address: "127.0.0.1", port: tunnelPorts.front, domain: appsDomain },
  });
  const folder = join(paths.state, "edge");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "envoy.json");
  writeFileSync(file, JSON.stringify(configuration, null, 2), { mode: 0o600 });
  await ensureProcess(paths, {
    name: edgeProcess,
    namespace,
    command: tools.bin("envoy"),
    args: ["--config-path", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"],
  });
  if (takesTunnels) await startTunnels(sandbox);
  await Promise.all([address, network.relayFront].map((each) => awaitPort(paths, [edgeProcess], each, tlsPort)));
  if (takesTunnels) requireRunning(paths, tunnelsProcess);
}

async function startTunnels({ paths }: Sandbox): Promise<void> {
  const { certificate, key } = await ensureLeaf(paths, { name: "edge-tunnels", dns: [tunnelHost] });
  const names = { [tunnelHost]: network.tunnelEdge };
  // Rewriting the hosts files wakes every cluster's DNS.
  if (JSON.stringify(recordsOf(paths, "edge")) !== JSON.stringify(names)) setRecords(paths, "edge", names);
  await ensureProcess(paths, {
    name: tunnelsProcess,
    namespace: network.hosts.edge.namespace,
    command: process.execPath,
    args: [fileURLToPath(new URL("./tunnels/main.ts", import.meta.url)), paths.state, certificate, key],
  });
}

export async function removeEdge({ paths, progress }: Sandbox): Promise<void> {
  progress("edge");
  await Promise.all([edgeProcess, tunnelsProcess].map((name) => stopProcess(paths, name)));
  rmSync(join(paths.state, "edge"), { recursive: true, force: true });
}
