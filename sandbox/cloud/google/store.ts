/** fake-gcs-server: keeps objects of Google Cloud's buckets, and judges nothing. Only the front may call it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../context.ts";
import { names } from "../../hosts.ts";
import type { Paths } from "../../paths.ts";
import { ensureProcess } from "../../processes.ts";
import { cloudNamespace, ports } from "../addresses.ts";
import { ensureSecret } from "../secret-file.ts";
import type { GoogleConfig } from "./config.ts";

export const googleObjectsProcess = "cloud-google-objects";

/** File of mode 0600: the access token of who owns the project. */
export function operatorToken(paths: Paths): string {
  return join(paths.credentials, "google-operator-token");
}

/** @returns what the front is to be told */
export async function startGoogle({ paths, tools }: Sandbox): Promise<GoogleConfig> {
  const state = join(paths.cloud, "gcp");
  const objects = join(state, "objects");
  mkdirSync(objects, { recursive: true, mode: 0o700 });
  ensureSecret(operatorToken(paths));
  await ensureProcess(paths, {
    name: googleObjectsProcess,
    namespace: cloudNamespace,
    command: tools.bin("fake-gcs-server"),
    args: [
      ...["-scheme", "http", "-host", "127.0.0.1", "-port", String(ports.googleObjects)],
      ...["-backend", "filesystem", "-filesystem-root", objects, "-public-host", names.google, "-log-level", "warn"],
    ],
  });
  return {
    kept: join(state, "kept.json"),
    state,
    operatorToken: operatorToken(paths),
    storePort: ports.googleObjects,
    issuerDocuments: join(paths.cloud, "oidc"),
  };
}
