import type { PlaneTarget } from "../target.ts";

/** Where this plane's clients send signed requests. */
export function storeHost(target: PlaneTarget): string {
  return new URL(storeOrigin(target)).hostname;
}

/** Without a slash at its end; on Azure the account's, beneath which its containers are. */
export function storeOrigin(target: PlaneTarget): string {
  switch (target.cloud) {
    case "aws":
      return originOf(target.aws.endpointUrl, `s3.${target.region}.amazonaws.com`);
    case "gcp":
      return originOf(target.google.endpointUrl, "storage.googleapis.com");
    case "azure":
      return originOf(target.azure.blobUrl, `${target.storageAccount}.blob.core.windows.net`);
  }
}

function originOf(given: string | undefined, host: string): string {
  return (given ?? `https://${host}`).replace(/\/+$/, "");
}
