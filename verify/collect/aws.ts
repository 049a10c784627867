/** Reads the customer's account; every list to its last page, every refusal a recorded fact. */
import {
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  GetRepositoryPolicyCommand,
  type ImageDetail,
} from "@aws-sdk/client-ecr";
import { type Cluster, DescribeClusterCommand } from "@aws-sdk/client-eks";
import { placesOf } from "../documented/classification.ts";
import type { ClusterFact, Collected, Fact } from "../facts.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import type { Target } from "../target.ts";
import { absent, attempt } from "./attempt.ts";
import { type AwsClients, awsClients } from "./aws-clients.ts";
import { readBucket } from "./buckets.ts";
import { readClusterAccess } from "./cluster-access.ts";
import { readIam } from "./iam.ts";
import { readInstances } from "./instances.ts";
import { readKeys } from "./keys.ts";
import { readNetwork } from "./network.ts";
import { readPrincipals } from "./principals.ts";
import { readRoleCreations } from "./role-creations.ts";
import { readStores } from "./stores.ts";

type AwsFacts = Pick<
  Collected,
  | "iam"
  | "principals"
  | "roleCreations"
  | "buckets"
  | "repositories"
  | "cluster"
  | "clusterAccess"
  | "network"
  | "instances"
  | "keys"
  | "stores"
>;

export async function collectAws(target: Target): Promise<AwsFacts> {
  const clients = awsClients(target);
  const names = [target.buckets.metadata, target.buckets.fastRegistration];
  const { clusterName, roles } = target;
  const seen = readCluster(clients, target);
  const [iam, principals, roleCreations, ...others] = await Promise.all([
    attempt("iam: roles, policies, users, access keys, OIDC providers", () => readIam(clients)),
    attempt("iam get-account-authorization-details", () => readPrincipals(clients)),
    attempt(`cloudtrail lookup-events: CreateRole of ${roles.admin} and ${roles.user}, which iam get-role dates`, () =>
      readRoleCreations(clients, [roles.admin, roles.user]),
    ),
    attempt(`s3: configuration of ${names.join(", ")}, and what lies in them by prefix`, () =>
      Promise.all(names.map((name) => readBucket(clients.s3, name, placesOf(target)))),
    ),
    attempt("ecr describe-repositories, get-repository-policy", () => readRepositories(clients)),
    seen,
    attempt(`eks: access entries and pod identities of ${clusterName}`, () =>
      readClusterAccess(clients.eks, clusterName),
    ),
    seen.then((found) => readNetworkOf(clients, target, found)),
    seen.then((found) => readInstancesOf(clients, target, found)),
    attempt("kms: keys, policies, grants", () => readKeys(clients.kms)),
    attempt("secretsmanager, logs, ecr, s3: what there is, under which keys, copied where", () => readStores(clients)),
  ]);
  const [buckets, repositories, cluster, clusterAccess, network, instances, keys, stores] = others;
  const inAccount = { buckets, repositories, cluster, clusterAccess, network, instances, keys, stores };
  return { iam, principals, roleCreations, ...inAccount };
}

/** A firewall that is not in the account cannot be read from it: not knowing is not passing. */
function readNetworkOf(clients: AwsClients, target: Target, cluster: Fact<ClusterFact>) {
  const { clusterName } = target;
  const request = `ec2: groups, peerings, gateways and endpoints of ${clusterName}'s network`;
  return inItsNetwork(request, target, cluster, ({ vpcId, groupIds }) =>
    readNetwork(clients, { clusterName, vpcId, groupIds }),
  );
}

function readInstancesOf({ ec2 }: AwsClients, target: Target, cluster: Fact<ClusterFact>) {
  const { clusterName } = target;
  const request = `ec2: instances of ${clusterName}, describe-instance-types of theirs`;
  return inItsNetwork(request, target, cluster, ({ vpcId }) => readInstances(ec2, { clusterName, vpcId }));
}

function inItsNetwork<T>(
  request: string,
  { clusterNetwork }: Target,
  cluster: Fact<ClusterFact>,
  read: (cluster: ClusterFact) => Promise<T>,
): Promise<Fact<T>> | Fact<T> {
  if (!cluster.read) return { ...cluster, request };
  if (clusterNetwork === "elsewhere") {
    const reason = "the cluster lies in another network than the account's, and that one is not read from here";
    return { read: false, reason, request };
  }
  return attempt(request, () => read(cluster.value));
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
      const latestTag = await readLatestTag(ecr, name);
      return {
        name,
        ...(latestTag ? { latestTag } : {}),
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

async function readLatestTag(ecr: AwsClients["ecr"], repositoryName: string): Promise<string | undefined> {
  const images: ImageDetail[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ecr.send(new DescribeImagesCommand({ repositoryName, nextToken }));
    images.push(...(page.imageDetails ?? []).filter(({ imageTags }) => imageTags?.length));
    nextToken = page.nextToken;
  } while (nextToken);
  const at = ({ imagePushedAt }: ImageDetail) => imagePushedAt?.getTime() ?? 0;
  return images.sort((a, b) => at(b) - at(a))[0]?.imageTags?.[0];
}

function readCluster({ eks }: AwsClients, { clusterName }: Target): Promise<Fact<ClusterFact>> {
  return attempt(`eks describe-cluster ${clusterName}`, async () => {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: clusterName }));
    return clusterFactOf(clusterName, cluster);
  });
}

/** Of what DescribeCluster answers. */
export function clusterFactOf(name: string, cluster: Cluster | undefined): ClusterFact {
  const vpc = cluster?.resourcesVpcConfig;
  const encryption = cluster?.encryptionConfig ?? [];
  const sealedBy = encryption.find(({ resources }) => resources?.includes("secrets"))?.provider?.keyArn;
  return {
    name,
    arn: cluster?.arn ?? "",
    issuer: cluster?.identity?.oidc?.issuer ?? "",
    publicEndpoint: vpc?.endpointPublicAccess !== false,
    privateEndpoint: vpc?.endpointPrivateAccess === true,
    logTypes: (cluster?.logging?.clusterLogging ?? [])
      .filter(({ enabled }) => enabled)
      .flatMap(({ types }) => types ?? []),
    encryptedResources: encryption.flatMap(({ resources }) => resources ?? []),
    ...(sealedBy ? { secretsKeyArn: sealedBy } : {}),
    authenticationMode: cluster?.accessConfig?.authenticationMode ?? "CONFIG_MAP",
    vpcId: vpc?.vpcId ?? "",
    groupIds: [...(vpc?.clusterSecurityGroupId ? [vpc.clusterSecurityGroupId] : []), ...(vpc?.securityGroupIds ?? [])],
  };
}
