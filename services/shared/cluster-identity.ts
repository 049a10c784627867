/** How a certificate names a compute plane: one URI, in the form of SPIFFE. */

export interface ClusterName {
  org: string;
  cluster: string;
}

/** A cluster, by a certificate that was verified. */
export interface Presented extends ClusterName {
  /** As `serialOf` writes it. */
  serial: string;
}

/** One writing for a serial number, which libraries print with capitals or with zeros before it. */
export function serialOf(hexadecimal: string): string {
  return hexadecimal.toLowerCase().replace(/^0+(?=.)/, "");
}

export function clusterUri(org: string, cluster: string): string {
  return `spiffe://biplane/org/${org}/cluster/${cluster}`;
}

/**
 * @param subjectAltName as Node prints it, such as "URI:spiffe://…".
 * @returns undefined for a certificate that names no cluster, or more than one thing.
 */
export function clusterOfCertificate(subjectAltName: string | undefined): ClusterName | undefined {
  const [, org, cluster] =
    /^URI:spiffe:\/\/biplane\/org\/([a-z0-9-]+)\/cluster\/([a-z0-9-]+)$/.exec(subjectAltName ?? "") ?? [];
  return org && cluster ? { org, cluster } : undefined;
}

/** ALPN of the tunnel on which the region is the client; "h2" is the ordinary direction. */
export const tunnelProtocol = "biplane-tunnel";
