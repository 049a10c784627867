/** `1.34.1`, or `1.34.1-gke.1234` → `1.34` */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
