/** Network namespaces of a service's pods, so that what leaves one meets just the policies that its pod meets. */
import { statSync } from "node:fs";
import { pidsOf } from "./processes.ts";

/** @param service of a compute plane, such as `executor`. One path a pod that runs now. */
export function podNetworks(service: string): string[] {
  const byNetwork = new Map(
    pidsOf(service)
      .map((pid) => `/proc/${pid}/ns/net`)
      .map((path) => [statSync(path).ino, path]),
  );
  return [...byNetwork.values()];
}
