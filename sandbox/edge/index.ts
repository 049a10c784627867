/** The edge: Envoy where Cloudflare stands (address .40) and where the relay's load balancer stands (.41). */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { awaitPort } from "../cloud/await-port.ts";
import type { Sandbox } from "../context.ts";
import { awsRegion, network, originPorts, zone } from "../hosts.ts";
import { ensureAuthority, ensureLeaf, type KeyPairFiles } from "../pki.ts";
import { ensureProcess, stopProcess } from "../processes.ts";
import { renderEnvoyConfig } from "./envoy-config.ts";

const edgeProcess = "edge";
const originPullAuthority = "origin-pull-ca";
const tlsPort = 443;

/**
 * The authority of the certificate that the edge shows to the origin ("authenticated origin pull"). Its own, as a
 * Cloudflare zone has one: the origin must not trust whatever else the sandbox's authority has signed.
 */
export function originPull({ paths }: Sandbox): Promise<KeyPairFiles> {
  return ensureAuthority(paths, originPullAuthority);
}

/** Listens before the region has a gateway: until then it answers 503, as the real edge would (521). */
export async function ensureEdge(sandbox: Sandbox): Promise<void> {
  sandbox.progress("edge");
  const { paths, tools } = sandbox;
  const regionHost = `${awsRegion}.${zone}`;
  const authority = await ensureAuthority(paths);
  const front = await ensureLeaf(paths, { name: "edge", dns: [regionHost, `*.${regionHost}`] });
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
  await Promise.all([address, network.relayFront].map((each) => awaitPort(paths, [edgeProcess], each, tlsPort)));
}

export async function removeEdge({ paths, progress }: Sandbox): Promise<void> {
  progress("edge");
  await stopProcess(paths, edgeProcess);
  rmSync(join(paths.state, "edge"), { recursive: true, force: true });
}
