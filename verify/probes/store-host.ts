import type { GoogleTarget, Target } from "../target.ts";

/** Where this plane's clients send signed requests. */
export function storeHost(target: Target | GoogleTarget): string {
  const { endpointUrl } = target.cloud === "gcp" ? target.google : target.aws;
  if (endpointUrl) return new URL(endpointUrl).hostname;
  return target.cloud === "gcp" ? "storage.googleapis.com" : `s3.${target.region}.amazonaws.com`;
}
