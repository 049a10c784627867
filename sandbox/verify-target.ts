/** The local run as `verify` sees any customer's plane. */
import { join } from "node:path";
import { type Target, targetSchema } from "../verify/target.ts";
import type { Environment } from "./environment.ts";
import { accounts, names } from "./hosts.ts";

export function localTarget(environment: Environment): Target {
  const { customer } = environment.outputs;
  return targetSchema.parse({
    org: environment.org,
    model: "self-managed",
    cloud: "aws",
    account: accounts.customer,
    region: environment.aws.region,
    clusterName: customer.clusterName,
    projects: [{ project: environment.project, domain: environment.domain }],
    buckets: { metadata: customer.metadataBucket, fastRegistration: customer.fastRegistrationBucket },
    repository: customer.repository,
    registryHosts: [names.registry],
    kubeconfig: environment.kubeconfigs.customer,
    aws: {
      profile: environment.aws.profile,
      configFile: environment.aws.configFile,
      credentialsFile: environment.aws.credentialsFile,
      endpointUrl: environment.aws.endpointUrl,
      caFile: environment.caFile,
    },
  });
}

/** Lists of what cannot be decided here; a given cluster's network is not ours to judge. */
export function localLimits({ clusters }: Pick<Environment, "clusters">, checkout: string): string[] {
  const given = clusters.region === "given" || clusters.customer === "given";
  return ["limits.yaml", ...(given ? ["limits-given.yaml"] : [])].map((name) => join(checkout, "sandbox", name));
}
