import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { fromIni } from "@aws-sdk/credential-providers";
import type { accounts } from "../hosts.ts";
import { awsRegion, names } from "../hosts.ts";
import type { Paths } from "../paths.ts";
import { profileFiles, profileOf } from "./operators.ts";

/**
 * Arguments for any `@aws-sdk` client, as an account's operator: `new EKSClient(operatorClient(paths, "customer"))`.
 * Explicit, because the SDK reads `endpoint_url` of the profile in AWS_PROFILE only, and a process has one of these.
 * S3 clients need `forcePathStyle: true` besides.
 */
export function operatorClient(paths: Paths, account: keyof typeof accounts) {
  const { config: configFilepath, credentials: filepath } = profileFiles(paths);
  return {
    region: awsRegion,
    endpoint: `https://${names.aws}`,
    credentials: fromIni({ profile: profileOf(account), configFilepath, filepath }),
    requestHandler: {
      httpsAgent: new Agent({ ca: readFileSync(join(paths.pki, "ca.crt")), keepAlive: true, maxSockets: 50 }),
    },
  };
}
