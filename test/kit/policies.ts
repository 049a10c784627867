/** Who is named by an account's policies: trust, resource policies, endpoint services. Read from the account itself. */
import type { Cloud } from "../../sandbox/providers/aws/cloud.ts";
import { type AccountDetails, worldOf } from "../../verify/reason/iam/account-details.ts";
import type { World } from "../../verify/reason/iam/world.ts";
import { grants, type PolicyDocument, parsePolicy, type Statement } from "../../verify/reason/iam-policy.ts";
import { keysOf } from "./account.ts";

export interface NamedPolicy {
  /** ARN of what the policy belongs to. */
  subject: string;
  policy: PolicyDocument;
}

/** @returns the account as the search reads it: principals with their rights, and all that has a policy of its own */
export async function worldIn(cloud: Cloud): Promise<World> {
  const details = await (await cloud.iam()).getAccountAuthorizationDetails({});
  const resources = await resourcePolicies(cloud);
  return {
    ...worldOf(cloud.account, details as AccountDetails),
    resources: resources.map(({ subject, policy }) => ({ arn: subject, policy })),
    clusters: await clustersOf(cloud),
  };
}

/**
 * Of every bucket, key, repository, topic and secret; what has none is listed with an empty one. Not of backup vaults: the
 * emulator keeps no policies of theirs, and no component makes one.
 */
async function resourcePolicies(cloud: Cloud): Promise<NamedPolicy[]> {
  const found = await Promise.all([
    bucketPolicies(cloud),
    keyPolicies(cloud),
    repositoryPolicies(cloud),
    topicPolicies(cloud),
    secretPolicies(cloud),
  ]);
  return found.flat();
}

const nothing = '{"Version":"2012-10-17","Statement":[]}';
const named = (subject: string | undefined, text: string | undefined): NamedPolicy => ({
  subject: subject ?? "",
  policy: parsePolicy(text ?? nothing),
});

async function bucketPolicies(cloud: Cloud): Promise<NamedPolicy[]> {
  const s3 = await cloud.s3();
  const { Buckets = [] } = await s3.listBuckets({});
  return Promise.all(
    Buckets.map(async ({ Name: Bucket }) =>
      named(`arn:aws:s3:::${Bucket}`, (await absent("NoSuchBucketPolicy", s3.getBucketPolicy({ Bucket })))?.Policy),
    ),
  );
}

async function keyPolicies(cloud: Cloud): Promise<NamedPolicy[]> {
  const kms = await cloud.kms();
  return Promise.all(
    (await keysOf(cloud)).map(async (arn) =>
      named(arn, (await kms.getKeyPolicy({ KeyId: arn, PolicyName: "default" })).Policy),
    ),
  );
}

async function repositoryPolicies(cloud: Cloud): Promise<NamedPolicy[]> {
  const ecr = await cloud.ecr();
  const { repositories = [] } = await ecr.describeRepositories({});
  return Promise.all(
    repositories.map(async ({ repositoryArn, repositoryName }) => {
      const held = await absent("RepositoryPolicyNotFoundException", ecr.getRepositoryPolicy({ repositoryName }));
      return named(repositoryArn, held?.policyText);
    }),
  );
}

async function topicPolicies(cloud: Cloud): Promise<NamedPolicy[]> {
  const sns = await cloud.sns();
  const { Topics = [] } = await sns.listTopics({});
  return Promise.all(
    Topics.map(async ({ TopicArn }) =>
      named(TopicArn, (await sns.getTopicAttributes({ TopicArn })).Attributes?.Policy),
    ),
  );
}

async function secretPolicies(cloud: Cloud): Promise<NamedPolicy[]> {
  const secrets = await cloud.secrets();
  const { SecretList = [] } = await secrets.listSecrets({});
  return Promise.all(
    SecretList.map(async ({ ARN: SecretId }) =>
      named(SecretId, (await secrets.getResourcePolicy({ SecretId })).ResourcePolicy),
    ),
  );
}

async function clustersOf(cloud: Cloud): Promise<World["clusters"]> {
  const eks = await cloud.eks();
  const { clusters = [] } = await eks.listClusters({});
  const { OpenIDConnectProviderList = [] } = await (await cloud.iam()).listOpenIDConnectProviders({});
  const providerArn = OpenIDConnectProviderList[0]?.Arn ?? "";
  return clusters.map((name) => ({ arn: `arn:aws:eks:${cloud.region}:${cloud.account}:cluster/${name}`, providerArn }));
}

/** Who may ask for an endpoint of the account's services, and who has one. */
async function endpointPrincipals(cloud: Cloud): Promise<Edge[]> {
  const ec2 = await cloud.ec2();
  const { ServiceConfigurations = [] } = await ec2.describeVpcEndpointServiceConfigurations({});
  const edges = await Promise.all(
    ServiceConfigurations.map(async ({ ServiceId, ServiceName = "" }) => {
      const { AllowedPrincipals = [] } = await ec2.describeVpcEndpointServicePermissions({ ServiceId });
      const Filters = [{ Name: "service-id", Values: [ServiceId ?? ""] }];
      const { VpcEndpointConnections = [] } = await ec2.describeVpcEndpointConnections({ Filters });
      return [
        ...AllowedPrincipals.map(({ Principal = "" }) => ({ from: Principal, to: ServiceName })),
        ...VpcEndpointConnections.map(({ VpcEndpointOwner = "" }) => ({ from: VpcEndpointOwner, to: ServiceName })),
      ];
    }),
  );
  return edges.flat();
}

/** Accounts at the other end of a peering. */
async function peers(cloud: Cloud): Promise<Edge[]> {
  const { VpcPeeringConnections = [] } = await (await cloud.ec2()).describeVpcPeeringConnections({});
  return VpcPeeringConnections.flatMap(({ RequesterVpcInfo, AccepterVpcInfo, VpcPeeringConnectionId = "" }) =>
    [RequesterVpcInfo, AccepterVpcInfo].map((end) => ({ from: end?.OwnerId ?? "?", to: VpcPeeringConnectionId })),
  );
}

export interface Edge {
  /** A principal, as the policy names it, or an account. */
  from: string;
  /** What it is let to. */
  to: string;
}

/**
 * Everybody whom the account lets to anything of its own and who is not of it: by trust policies, policies of resources,
 * endpoint services and peerings. No condition takes anything away but one that names the caller's account; the cloud's own
 * services and pods' tokens are no account.
 */
export async function foreignEdges(cloud: Cloud, world: World): Promise<Edge[]> {
  const policies = [
    ...world.entities.map(({ arn, trust }) => ({ subject: arn, policy: trust })),
    ...(world.resources ?? []).map(({ arn, policy }) => ({ subject: arn, policy })),
  ];
  const byPolicy = policies.flatMap(({ subject, policy }) =>
    grants(policy ? [policy] : [])
      .filter((statement) => !isFenced(statement, cloud.account))
      .flatMap(({ principals, notPrincipals }) =>
        [...principals, ...(notPrincipals ? ["*"] : [])].map((from) => ({ from, to: subject })),
      ),
  );
  const edges = [...byPolicy, ...(await endpointPrincipals(cloud)), ...(await peers(cloud))];
  return edges.filter(({ from }) => !from.startsWith("Service:") && accountIn(from) !== cloud.account);
}

/** Keys that say which account the caller is of. */
const callersAccount = ["aws:principalaccount", "kms:calleraccount"];

/** Whether the statement lets nobody in but callers of this account, whomever it names. */
function isFenced({ conditions }: Statement, account: string): boolean {
  return callersAccount.some((key) => {
    const values = conditions.StringEquals?.[key] ?? [];
    return values.length > 0 && values.every((value) => value === account);
  });
}

/** @returns the account that a principal is of; everybody is of none */
export function accountIn(principal: string): string | undefined {
  const named = principal.replace(/^(AWS|Federated):/, "");
  return /^\d{12}$/.test(named) ? named : named.split(":")[4];
}

async function absent<T>(error: string, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === error) return undefined;
    throw thrown;
  }
}
