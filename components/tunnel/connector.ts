/** Cloudflare's connector in a customer's cluster: a second container of the tunnel's pod, or of the gate's, as data. */
import { gatePort } from "../serving/contract.ts";
import { type Beside, type FileSource, filesFolder } from "../workloads/service-spec.ts";

/** Where the tunnel takes what the connector brings: on loopback, so only from its own pod. */
export const connectorPort = 8090;
/** As `cloudflared` writes it: WebSockets from the edge become plain TCP here. */
export const connectorOrigin = `tcp://127.0.0.1:${connectorPort}`;

/** Of the tunnel that apps have to themselves: HTTP, to the gate of the same pod. */
export const appsOrigin = `http://127.0.0.1:${gatePort}`;

/** Its own health and metrics, in clear, and so on loopback alone. */
const metricsAddress = "127.0.0.1:20241";

export interface ConnectorArgs {
  /** Cloudflare's `cloudflared`, by digest. */
  image: string;
  /** File `token` of the tunnel, from the region's outputs. */
  token: FileSource;
}

/** HTTP/2, so that it needs TCP 7844 and nothing else; the token is read from a file, and stands in no argument. */
export function connectorBeside({ image, token }: ConnectorArgs): Beside {
  return {
    name: "connector",
    image,
    args: [
      "tunnel",
      "--no-autoupdate",
      "--protocol",
      "http2",
      "--metrics",
      metricsAddress,
      "run",
      "--token-file",
      `${filesFolder}/connector/token`,
    ],
    files: { connector: token },
    ready: ["cloudflared", "tunnel", "--metrics", metricsAddress, "ready"],
  };
}
