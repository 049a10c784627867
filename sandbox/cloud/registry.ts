/**
 * The image registry that stands where ECR stands. Plain http on the local bridge: images are named and checked by
 * digest. Its storage is in the cache, so that an image is pushed once per machine.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Sandbox } from "../context.ts";
import { ensureProcess } from "../processes.ts";
import { cloudAddress, cloudNamespace, ports } from "./addresses.ts";
import { awaitPort } from "./await-port.ts";
import { ensureSecret, writePrivate } from "./secret-file.ts";

export const registryProcess = "cloud-registry";

export async function startRegistry({ paths, tools }: Sandbox): Promise<void> {
  const storage = join(paths.cache, "registry");
  mkdirSync(storage, { recursive: true });
  const configuration = join(paths.cloud, "registry", "config.yaml");
  writePrivate(
    configuration,
    stringify({
      version: "0.1",
      log: { level: "warn", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
      http: {
        addr: `${cloudAddress}:${ports.registry}`,
        secret: ensureSecret(join(paths.cloud, "registry", "http-secret")),
      },
    }),
  );
  await ensureProcess(paths, {
    name: registryProcess,
    namespace: cloudNamespace,
    command: tools.bin("docker-registry"),
    args: ["serve", configuration],
  });
  await awaitPort(paths, [registryProcess], cloudAddress, ports.registry);
}
