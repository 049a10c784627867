/** Prints the least rights of whoever verifies. */
import { stringify } from "yaml";
import { leastClusterRole, leastPolicy } from "../../verify/permissions/render.ts";
import type { CommandOptions } from "../config.ts";
import { targetsOf } from "./verify-targets.ts";

export async function permissionsCommand(options: CommandOptions<"verifyPermissions">): Promise<number> {
  const { plane, target, only } = options;
  const buckets = target === undefined ? undefined : targetsOf(target).targets.customer?.buckets;
  const policy = leastPolicy(plane, buckets && [buckets.metadata, buckets.fastRegistration]);
  const role = leastClusterRole(plane);
  const parts = {
    kubernetes: `# Kubernetes: bind it to who verifies. Listing Secrets shows their values to the collector, which keeps none.\n${stringify(role)}`,
    aws: `${JSON.stringify(policy, null, 2)}\n`,
  };
  const both = `${parts.kubernetes}---\n# AWS: a policy for who verifies. No value of a secret and no object is read.\n${parts.aws}`;
  process.stdout.write(only === undefined ? both : parts[only]);
  return 0;
}
