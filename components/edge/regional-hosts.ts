import { refusal } from "../../shared/errors.ts";

/** The documents' first region answers under this name instead of its own. */
const first = { region: "us-east-2", label: "hosted" };

export interface RegionalHosts {
  /** Host of the API, behind the proxy. */
  endpoint: string;
  /** Host that clusters dial, beside the proxy. */
  relayHost: string;
}

/**
 * A region's names in the documented form: `hosted.<domain>` for us-east-2, `<region>.<domain>` for every other.
 * One label under the domain, so that the zone's universal certificate covers the endpoint.
 * Claims: net-regional-endpoints.
 */
export function regionalHosts(domain: string, region: string): RegionalHosts {
  const label = region === first.region ? first.label : region;
  return { endpoint: `${label}.${domain}`, relayHost: `relay-${region}.${domain}` };
}

/** @throws UserError for a host that the zone cannot answer. */
export function checkHosts(zoneName: string, hosts: string[]): void {
  const foreign = hosts.find((host) => !host.endsWith(`.${zoneName}`));
  if (foreign) {
    throw refusal({
      subject: "biplane:edge.zoneName",
      value: zoneName,
      allowed: `the zone that ${foreign} belongs to`,
    });
  }
}
