/** The gate in front of apps, as data: what the connector of its own pods brings, and nobody else, comes to it. */
import { gatePort, gateService, gatewayUrl } from "../serving/contract.ts";
import { type ConnectorArgs, connectorBeside } from "../tunnel/connector.ts";
import type { ServiceSpec } from "../workloads/service-spec.ts";

export interface AppGateArgs {
  controlPlaneHost: string;
  domain: string;
  /** Of the tunnel that apps have to themselves. @default nobody comes in */
  connector?: ConnectorArgs | undefined;
  tunnelUrl: string;
  replicas: number;
}

export function planAppGate({ controlPlaneHost, domain, connector, tunnelUrl, replicas }: AppGateArgs): ServiceSpec {
  return {
    name: gateService,
    entry: "/app/data/appgate.mjs",
    replicas,
    // What it may reach of the serving gateway stands beside that one's own walls.
    calls: ["tunnel"],
    reaches: connector ? ["cloudflare-tunnel"] : [],
    env: {
      TUNNEL_URL: tunnelUrl,
      CONTROL_PLANE_HOST: controlPlaneHost,
      APPS_DOMAIN: domain,
      SERVING_GATEWAY_URL: gatewayUrl,
      GATE_PORT: String(gatePort),
    },
    ...(connector ? { beside: connectorBeside(connector) } : {}),
  };
}
