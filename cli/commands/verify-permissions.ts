/** Prints the least rights of whoever verifies. */
import { stringify } from "yaml";
import { refusal } from "../../shared/errors.ts";
import type { Plane } from "../../verify/check.ts";
import {
  auditLogOnly,
  leastAzureLister,
  leastAzureRole,
  leastClusterRole,
  leastGoogleAuditReader,
  leastGoogleRole,
  leastPolicy,
  listsOnly,
} from "../../verify/permissions/render.ts";
import type { Targets } from "../../verify/target.ts";
import type { CommandOptions } from "../config.ts";
import { targetsOf } from "./verify-targets.ts";

export async function permissionsCommand(options: CommandOptions<"verifyPermissions">): Promise<number> {
  const { plane, target, cloud, only } = options;
  const own = plane === "control" ? "aws" : cloud;
  if (only !== undefined && only !== "kubernetes" && only !== own) {
    throw refusal({ subject: "--only", value: only, allowed: `kubernetes or ${own}` });
  }
  // Read whatever is asked for, so that a file that is none is not passed over.
  const targets = target === undefined ? undefined : targetsOf(target).targets;
  const kubernetes = `# Kubernetes: bind it to who verifies. Listing Secrets shows their values to the collector, which keeps none.\n${stringify(leastClusterRole(plane))}`;
  const account = own === "gcp" ? googleRoles() : own === "azure" ? azureRoles(targets) : awsPolicy(plane, targets);
  const both = `${kubernetes}---\n# ${heads[own]} No value of a secret and no object is read.\n${account}`;
  process.stdout.write(only === undefined ? both : only === "kubernetes" ? kubernetes : account);
  return 0;
}

const heads = {
  aws: "AWS: a policy for who verifies.",
  gcp: "Google Cloud: custom roles for who verifies (gcloud iam roles create --file).",
  azure: "Azure: two custom roles for who verifies (az role definition create --role-definition).",
};

/** The last is for a project that lies in an organisation: its policies hold in the project too. */
function googleRoles(): string {
  const above = "# In the organisation that the project lies in, where it lies in one.";
  const audit = `# In the project, with --condition='expression=${auditLogOnly},title=audit-log'.`;
  return `${stringify(leastGoogleRole())}---\n${audit}\n${stringify(leastGoogleAuditReader())}---\n${above}\n${stringify(leastGoogleRole("organization"))}`;
}

/** JSON, which is YAML too, so that comments may stand between. */
function azureRoles(targets: Targets | undefined): string {
  const subscription = targets?.azure?.subscription;
  const names = `# On the storage account alone, with --condition "${listsOnly}" --condition-version 2.0.`;
  return `${JSON.stringify(leastAzureRole(subscription), null, 2)}\n---\n${names}\n${JSON.stringify(leastAzureLister(subscription), null, 2)}\n`;
}

function awsPolicy(plane: Plane, targets: Targets | undefined): string {
  // Of a region's account every bucket is read, and a target names none of them.
  const buckets = plane === "compute" ? targets?.customer?.buckets : undefined;
  const policy = leastPolicy(plane, buckets && [buckets.metadata, buckets.fastRegistration]);
  return `${JSON.stringify(policy, null, 2)}\n`;
}
