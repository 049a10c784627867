/** How S3 clients are made. Credentials come from the SDK's default chain: the pod's projected token. */
import type { S3ClientConfig } from "@aws-sdk/client-s3";

/**
 * A store under an endpoint of its own (AWS_ENDPOINT_URL, which the SDK reads) has one name and no bucket host names.
 * Checksums beyond what a caller asks for would be signed into presigned PUTs, of a body that is not there yet.
 */
export function pathStyle(env: NodeJS.ProcessEnv = process.env): S3ClientConfig {
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  return {
    forcePathStyle: endpoint !== undefined && endpoint !== "",
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  };
}
