/** What every shipper's configuration is rendered from. */
import { nodeLogs } from "./contract.ts";

export interface ShipperSettings {
  logGroup: string;
  region: string;
  /** Whose containers' logs are shipped, and nobody else's. */
  projectNamespaces: readonly string[];
}

/** Folder of the container in which offsets are kept. */
export const offsetsFolder = "/offsets";

/** Every container's log of these namespaces. A namespace knows no underscore, so none begins another. */
export function logFiles(projectNamespaces: readonly string[]): string[] {
  return projectNamespaces.map((namespace) => `${nodeLogs}/${namespace}_*/*/*.log`);
}
