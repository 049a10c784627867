import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sandbox } from "../context.ts";
import { accounts } from "../hosts.ts";
import type { KeyPairFiles } from "../pki.ts";
import { ensureProcess } from "../processes.ts";
import { cloudAddress, cloudNamespace, ports } from "./addresses.ts";
import { awaitPort } from "./await-port.ts";
import type { AzureConfig } from "./azure/config.ts";
import { azureObjectsProcess } from "./azure/store.ts";
import { cloudflareConfig } from "./cloudflare/config.ts";
import { emulatorProcess } from "./emulator.ts";
import type { FrontConfig, Operator } from "./front/config.ts";
import type { GoogleConfig } from "./google/config.ts";
import { googleObjectsProcess } from "./google/store.ts";
import { loginProcess } from "./login.ts";
import { objectsProcess } from "./object-store.ts";
import { writePrivate } from "./secret-file.ts";

export const frontProcess = "cloud-front";

/**
 * The HTTPS endpoint of everything in the cloud (front/routes.ts). It listens when all that it forwards to does.
 *
 * @param elsewhere where the customer's plane stands, if not in AWS
 */
export async function startFront(
  { paths }: Sandbox,
  server: KeyPairFiles,
  authority: KeyPairFiles,
  operators: Operator[],
  elsewhere: { google?: GoogleConfig; azure?: AzureConfig } = {},
): Promise<void> {
  const configuration: FrontConfig = {
    address: cloudAddress,
    port: ports.front,
    certificate: server.certificate,
    key: server.key,
    authority: authority.certificate,
    operators,
    ports: {
      objects: ports.objects,
      emulator: ports.emulator,
      login: ports.login,
      judge: ports.judge,
      registry: ports.registry,
    },
    issuerDocuments: join(paths.cloud, "oidc"),
    clusterFacts: {
      [accounts.region]: join(paths.node("region"), "facts.json"),
      [accounts.customer]: join(paths.node("customer"), "facts.json"),
    },
    sessions: join(paths.cloud, "sessions.json"),
    kept: join(paths.cloud, "kept.json"),
    trail: join(paths.cloud, "trail.jsonl"),
    cloudflare: cloudflareConfig(paths),
    ...elsewhere,
  };
  const file = join(paths.cloud, "front.json");
  writePrivate(file, JSON.stringify(configuration));
  await ensureProcess(paths, {
    name: frontProcess,
    namespace: cloudNamespace,
    command: process.execPath,
    args: [fileURLToPath(new URL("./front-main.ts", import.meta.url)), file],
  });
  const needed = [
    frontProcess,
    emulatorProcess,
    objectsProcess,
    loginProcess,
    ...(elsewhere.google ? [googleObjectsProcess] : []),
    ...(elsewhere.azure ? [azureObjectsProcess] : []),
  ];
  await awaitPort(paths, needed, cloudAddress, ports.front);
}
