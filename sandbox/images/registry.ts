/** The local registry: what it holds already is not pushed again. */
import { names, network } from "../hosts.ts";

/** Where the registry listens, for this machine. */
export const registryAddress = `${network.hosts.cloud.address}:5000`;

/** How pods name an image: the host that containerd maps to the registry, and the digest. */
export function reference(repository: string, digest: string): string {
  return `${names.registry}/${repository}@${digest}`;
}

/** What an image's manifest may be, as `accept` says it. */
export const manifestTypes =
  "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/** True when the registry holds the manifest. @throws when no registry answers. */
export async function holds(address: string, repository: string, digest: string): Promise<boolean> {
  const answer = await fetch(`http://${address}/v2/${repository}/manifests/${digest}`, {
    method: "HEAD",
    headers: { accept: manifestTypes },
  });
  return answer.ok;
}
