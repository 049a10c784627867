/** What the front is told of Cloudflare's API. */
import { join } from "node:path";
import { names } from "../../hosts.ts";
import type { Paths } from "../../paths.ts";
import { ensureSecret } from "../secret-file.ts";

export interface CloudflareConfig {
  /** Folder of the run's state, where the zone is kept (providers/cloudflare/zone.ts). */
  state: string;
  /** File of mode 0600: the one token that is let in. */
  token: string;
}

/** As production's, with this machine's host. */
export const cloudflareApi = `https://${names.cloudflare}/client/v4`;

export function cloudflareConfig({ state, cloud }: Paths): CloudflareConfig {
  return { state, token: join(cloud, "cloudflare-api", "token") };
}

/** What the region's stack is given. */
export function cloudflareToken(paths: Paths): string {
  return ensureSecret(cloudflareConfig(paths).token);
}
