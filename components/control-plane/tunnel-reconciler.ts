/** The service that keeps tunnels of Cloudflare as the stack has made them; docs/decisions/0066. */
import * as pulumi from "@pulumi/pulumi";
import type { TunnelState } from "../tunnel/routed-tunnel.ts";
import { createConfigFiles, createSecretFiles } from "../workloads/files.ts";
import type { Place } from "../workloads/place.ts";
import { type FileSource, filesFolder, type ServiceSpec } from "../workloads/service-spec.ts";

export interface TunnelReconcilerArgs {
  /** Of Cloudflare's API, with its version. */
  api: string;
  /** Secret. It may edit tunnels of the account and records of the zone, and nothing else. */
  token: pulumi.Input<string>;
  /** At least one. */
  tunnels: pulumi.Input<TunnelState>[];
}

/** What it is started with. */
export interface TunnelReconcilerSettings {
  api: string;
  /** File `token`. */
  token: FileSource;
  /** File `tunnels.json`. */
  tunnels: FileSource;
}

/** The token in a Secret of its own, which no other service mounts. */
export function createTunnelReconciler(
  { name, namespace, parent }: Place,
  { api, token, tunnels }: TunnelReconcilerArgs,
): TunnelReconcilerSettings {
  const content = { "tunnels.json": renderTunnels(tunnels) };
  return {
    api,
    token: createSecretFiles(name, { name: "cloudflare-token", namespace, content: { token }, parent }),
    tunnels: createConfigFiles(name, { name: "tunnels", namespace, content, parent }),
  };
}

/** As the service reads it: services/control/tunnel-reconciler/desired.ts. */
export function renderTunnels(tunnels: TunnelReconcilerArgs["tunnels"]): pulumi.Output<string> {
  return pulumi.jsonStringify({ tunnels });
}

/** Nobody calls it and it calls none of ours: no port for others, no database, no role. */
export function planTunnelReconciler(
  { api, token, tunnels }: TunnelReconcilerSettings,
  running: Pick<ServiceSpec, "name" | "entry" | "replicas">,
): ServiceSpec {
  return {
    ...running,
    // More of it by load would only ask Cloudflare more often.
    autoscale: undefined,
    reaches: ["internet"],
    env: {
      CLOUDFLARE_API_URL: api,
      CLOUDFLARE_TOKEN_FILE: `${filesFolder}/cloudflare/token`,
      TUNNELS_FILE: `${filesFolder}/tunnels/tunnels.json`,
    },
    files: { cloudflare: token, tunnels },
  };
}
