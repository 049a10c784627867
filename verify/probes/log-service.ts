import type { PlaneTarget } from "../target.ts";

export interface LogService {
  host: string;
  /** The call by which lines come in: method and path. */
  asked: string;
}

/** To whom the cluster's own agent sends pods' logs; undefined where none are kept, and on AWS, whose shipper is ours. */
export function logService(target: PlaneTarget): LogService | undefined {
  if (target.cloud === "gcp" && target.logView) {
    const host = hostOf(target.google.endpointUrl) ?? "logging.googleapis.com";
    return { host, asked: "POST /v2/entries:write" };
  }
  if (target.cloud === "azure" && target.logWorkspace) {
    const host = hostOf(target.azure.ingestionUrl) ?? `${target.logWorkspace}.ods.opinsights.azure.com`;
    return { host, asked: "POST /" };
  }
  return undefined;
}

const hostOf = (url: string | undefined) => (url === undefined ? undefined : new URL(url).hostname);
