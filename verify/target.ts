/** What is verified and how it is reached; for the local run made from its environment, for a customer written by hand. */
import { z } from "zod";

export const targetSchema = z.strictObject({
  org: z.string().min(1).describe("The customer's organisation"),
  model: z.enum(["self-managed", "byoc"]),
  cloud: z.literal("aws").describe("Only AWS is read so far"),
  account: z
    .string()
    .regex(/^\d{12}$/, "12 digits")
    .describe("The customer's AWS account"),
  region: z.string().min(1),
  clusterName: z.string().min(1),
  namespace: z.string().default("union").describe("The platform's namespace in the customer's cluster"),
  projects: z.array(z.strictObject({ project: z.string(), domain: z.string() })).min(1),
  roles: z
    .strictObject({ admin: z.string(), user: z.string() })
    .default({ admin: "adminflyterole", user: "userflyterole" }),
  buckets: z.strictObject({ metadata: z.string(), fastRegistration: z.string() }),
  repository: z.string().describe("ECR repository of the plane's own images"),
  registryHosts: z.array(z.string()).min(1).describe("Hosts that images may come from"),
  platformServiceAccounts: z
    .array(z.string())
    .default(["executor", "proxy-system", "log-provider"])
    .describe("Accounts that may take the admin role"),
  kubeconfig: z.string().describe("File with read access to the cluster"),
  aws: z.strictObject({
    profile: z.string(),
    configFile: z.string().optional(),
    credentialsFile: z.string().optional(),
    endpointUrl: z.string().optional(),
    caFile: z.string().optional(),
  }),
});

export type Target = z.infer<typeof targetSchema>;

/** `<project>-<domain>` of each declared project. */
export function projectNamespaces(target: Target): string[] {
  return target.projects.map(({ project, domain }) => `${project}-${domain}`);
}

/** Namespaces that Biplane answers for: the platform's and the projects'. */
export function ownNamespaces(target: Target): string[] {
  return [target.namespace, ...projectNamespaces(target)];
}
