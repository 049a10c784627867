import type { Target } from "../target.ts";

/** Where this plane's clients send signed requests. */
export function storeHost({ aws, region }: Pick<Target, "aws" | "region">): string {
  return aws.endpointUrl ? new URL(aws.endpointUrl).hostname : `s3.${region}.amazonaws.com`;
}
