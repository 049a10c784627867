/** Publishes a given cluster's keys under the name that its tokens carry, for the cloud's token service alone. */

export interface IssuerPlace {
  host: string;
  port: number;
  /** Paths of the two documents. */
  discoveryPath: string;
  keysPath: string;
}

/** @param issuer an https URL with a host name, perhaps with a port and a path. */
export function issuerPlace(issuer: string): IssuerPlace {
  const url = new URL(issuer);
  const base = url.pathname.replace(/\/$/, "");
  return {
    host: url.hostname,
    port: Number(url.port || 443),
    discoveryPath: `${base}/.well-known/openid-configuration`,
    keysPath: `${base}/openid/v1/jwks`,
  };
}

/** The cluster's own document says where its keys are for those inside it; from outside they are beside the document. */
export function publishedDiscovery(discovery: Record<string, unknown>, issuer: string): Record<string, unknown> {
  const { keysPath } = issuerPlace(issuer);
  return { ...discovery, issuer, jwks_uri: new URL(keysPath, issuer).href };
}
