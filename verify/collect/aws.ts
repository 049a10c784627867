/** Reads the customer's account; every list to its last page, every refusal a recorded fact. */
import { DescribeRepositoriesCommand, GetRepositoryPolicyCommand } from "@aws-sdk/client-ecr";
import { type Cluster, DescribeClusterCommand } from "@aws-sdk/client-eks";
import type { ClusterFact, Collected, Fact } from "../facts.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import type { Target } from "../target.ts";
import { absent, attempt } from "./attempt.ts";
import { type AwsClients, awsClients } from "./aws-clients.ts";
import { readBucket } from "./buckets.ts";
import { readIam } from "./iam.ts";

type AwsFacts = Pick<Collected, "iam" | "buckets" | "repositories" | "cluster">;

export async function collectAws(target: Target): Promise<AwsFacts> {
  const clients = awsClients(target);
  const names = [target.buckets.metadata, target.buckets.fastRegistration];
  const [iam, buckets, repositories, cluster] = await Promise.all([
    attempt("iam: roles, policies, users, access keys, OIDC providers", () => readIam(clients)),
    attempt(`s3: configuration of ${names.join(", ")}`, () =>
      Promise.all(names.map((name) => readBucket(clients.s3, name))),
    ),
    attempt("ecr describe-repositories, get-repository-policy", () => readRepositories(clients)),
    readCluster(clients, target),
  ]);
  return { iam, buckets, repositories, cluster };
}

async function readRepositories({ ecr }: AwsClients) {
  const found = [];
  let nextToken: string | undefined;
  do {
    const page = await ecr.send(new DescribeRepositoriesCommand({ nextToken }));
    found.push(...(page.repositories ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return Promise.all(
    found.map(async (repository) => {
      const name = repository.repositoryName ?? "";
      const text = await absent(["RepositoryPolicyNotFoundException"], async () => {
        const answer = await ecr.send(new GetRepositoryPolicyCommand({ repositoryName: name }));
        return answer.policyText;
      });
      return {
        name,
        arn: repository.repositoryArn ?? "",
        scanOnPush: repository.imageScanningConfiguration?.scanOnPush === true,
        immutableTags: repository.imageTagMutability === "IMMUTABLE",
        ...(repository.encryptionConfiguration?.encryptionType
          ? { encryption: repository.encryptionConfiguration.encryptionType }
          : {}),
        ...(text ? { policy: parsePolicy(text) } : {}),
      };
    }),
  );
}

function readCluster({ eks }: AwsClients, { clusterName }: Target): Promise<Fact<ClusterFact>> {
  return attempt(`eks describe-cluster ${clusterName}`, async () => {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: clusterName }));
    return clusterFactOf(clusterName, cluster);
  });
}

/** Of what DescribeCluster answers. */
export function clusterFactOf(name: string, cluster: Cluster | undefined): ClusterFact {
  return {
    name,
    arn: cluster?.arn ?? "",
    issuer: cluster?.identity?.oidc?.issuer ?? "",
    publicEndpoint: cluster?.resourcesVpcConfig?.endpointPublicAccess !== false,
    privateEndpoint: cluster?.resourcesVpcConfig?.endpointPrivateAccess === true,
    logTypes: (cluster?.logging?.clusterLogging ?? [])
      .filter(({ enabled }) => enabled)
      .flatMap(({ types }) => types ?? []),
    encryptedResources: (cluster?.encryptionConfig ?? []).flatMap(({ resources }) => resources ?? []),
  };
}
