/** All that lies in one account, found by asking every service, not by what a stack's state remembers. */
import { awsRegion, operatorName } from "../../sandbox/hosts.ts";
import type { Cloud } from "../../sandbox/providers/aws/cloud.ts";

export interface Thing {
  /** `<service> <kind>` */
  kind: string;
  id: string;
}

type Listing = (cloud: Cloud) => Promise<(string | undefined)[]>;

/** The cloud's own, and what it makes in every account without being asked, is left out. */
const listings: Record<string, Listing> = {
  "iam role": async (cloud) =>
    ((await (await cloud.iam()).listRoles({})).Roles ?? [])
      .map(({ RoleName }) => RoleName)
      // Who calls: it was there before the first stack.
      .filter((name) => name !== operatorName),
  "iam user": async (cloud) => ((await (await cloud.iam()).listUsers({})).Users ?? []).map(({ UserName }) => UserName),
  "iam policy": async (cloud) =>
    ((await (await cloud.iam()).listPolicies({ Scope: "Local" })).Policies ?? []).map(({ PolicyName }) => PolicyName),
  "iam instance profile": async (cloud) =>
    ((await (await cloud.iam()).listInstanceProfiles({})).InstanceProfiles ?? []).map(
      ({ InstanceProfileName }) => InstanceProfileName,
    ),
  "iam identity provider": async (cloud) =>
    ((await (await cloud.iam()).listOpenIDConnectProviders({})).OpenIDConnectProviderList ?? []).map(({ Arn }) => Arn),
  "ec2 vpc": async (cloud) => (await networks(cloud)).own,
  "ec2 subnet": async (cloud) =>
    inOwnNetworks(cloud, (await (await cloud.ec2()).describeSubnets({})).Subnets, ({ SubnetId }) => SubnetId),
  "ec2 security group": async (cloud) =>
    inOwnNetworks(
      cloud,
      (await (await cloud.ec2()).describeSecurityGroups({})).SecurityGroups,
      ({ GroupId }) => GroupId,
    ),
  "ec2 route table": async (cloud) =>
    inOwnNetworks(
      cloud,
      (await (await cloud.ec2()).describeRouteTables({})).RouteTables,
      ({ RouteTableId }) => RouteTableId,
    ),
  "ec2 internet gateway": async (cloud) =>
    ((await (await cloud.ec2()).describeInternetGateways({})).InternetGateways ?? []).map(
      ({ InternetGatewayId }) => InternetGatewayId,
    ),
  "ec2 nat gateway": async (cloud) =>
    ((await (await cloud.ec2()).describeNatGateways({})).NatGateways ?? [])
      .filter(({ State }) => State !== "deleted")
      .map(({ NatGatewayId }) => NatGatewayId),
  "ec2 address": async (cloud) =>
    ((await (await cloud.ec2()).describeAddresses({})).Addresses ?? []).map(({ AllocationId }) => AllocationId),
  "ec2 prefix list": async (cloud) =>
    ((await (await cloud.ec2()).describeManagedPrefixLists({})).PrefixLists ?? [])
      .filter(({ OwnerId, State }) => OwnerId === cloud.account && State !== "delete-complete")
      .map(({ PrefixListName }) => PrefixListName),
  "ec2 endpoint": async (cloud) =>
    ((await (await cloud.ec2()).describeVpcEndpoints({})).VpcEndpoints ?? [])
      .filter(({ State }) => State?.toLowerCase() !== "deleted")
      .map(({ ServiceName, VpcEndpointId }) => `${VpcEndpointId} of ${ServiceName}`),
  "ec2 endpoint service": async (cloud) =>
    ((await (await cloud.ec2()).describeVpcEndpointServiceConfigurations({})).ServiceConfigurations ?? []).map(
      ({ ServiceName }) => ServiceName,
    ),
  "ec2 peering": async (cloud) =>
    ((await (await cloud.ec2()).describeVpcPeeringConnections({})).VpcPeeringConnections ?? []).map(
      ({ VpcPeeringConnectionId }) => VpcPeeringConnectionId,
    ),
  "ec2 flow log": async (cloud) =>
    ((await (await cloud.ec2()).describeFlowLogs({})).FlowLogs ?? []).map(({ FlowLogId }) => FlowLogId),
  "ec2 launch template": async (cloud) =>
    ((await (await cloud.ec2()).describeLaunchTemplates({})).LaunchTemplates ?? []).map(
      ({ LaunchTemplateName }) => LaunchTemplateName,
    ),
  "s3 bucket": async (cloud) => ((await (await cloud.s3()).listBuckets({})).Buckets ?? []).map(({ Name }) => Name),
  "kms key": keysOf,
  "kms alias": async (cloud) =>
    ((await (await cloud.kms()).listAliases({})).Aliases ?? [])
      .filter(({ AliasName }) => !AliasName?.startsWith("alias/aws/"))
      .map(({ AliasName }) => AliasName),
  "rds instance": async (cloud) =>
    ((await (await cloud.rds()).describeDBInstances({})).DBInstances ?? []).map(
      ({ DBInstanceIdentifier }) => DBInstanceIdentifier,
    ),
  "rds snapshot": async (cloud) =>
    ((await (await cloud.rds()).describeDBSnapshots({})).DBSnapshots ?? []).map(
      ({ DBSnapshotIdentifier }) => DBSnapshotIdentifier,
    ),
  "rds subnet group": async (cloud) =>
    ((await (await cloud.rds()).describeDBSubnetGroups({})).DBSubnetGroups ?? []).map(
      ({ DBSubnetGroupName }) => DBSubnetGroupName,
    ),
  "rds parameter group": async (cloud) =>
    ((await (await cloud.rds()).describeDBParameterGroups({})).DBParameterGroups ?? []).map(
      ({ DBParameterGroupName }) => DBParameterGroupName,
    ),
  "eks cluster": async (cloud) => (await (await cloud.eks()).listClusters({})).clusters ?? [],
  "elb balancer": async (cloud) =>
    ((await (await cloud.lb()).describeLoadBalancers({})).LoadBalancers ?? []).map(
      ({ LoadBalancerName }) => LoadBalancerName,
    ),
  "elb target group": async (cloud) =>
    ((await (await cloud.lb()).describeTargetGroups({})).TargetGroups ?? []).map(
      ({ TargetGroupName }) => TargetGroupName,
    ),
  "backup vault": async (cloud) =>
    ((await (await cloud.backup()).listBackupVaults({})).BackupVaultList ?? []).map(
      ({ BackupVaultName }) => BackupVaultName,
    ),
  "backup plan": async (cloud) =>
    ((await (await cloud.backup()).listBackupPlans({})).BackupPlansList ?? []).map(({ BackupPlanId }) => BackupPlanId),
  "logs group": async (cloud) =>
    ((await (await cloud.logs()).describeLogGroups({})).logGroups ?? []).map(({ logGroupName }) => logGroupName),
  "sns topic": async (cloud) =>
    ((await (await cloud.sns()).listTopics({})).Topics ?? []).map(({ TopicArn }) => TopicArn),
  "cloudwatch alarm": async (cloud) =>
    ((await (await cloud.alarms()).describeAlarms({})).MetricAlarms ?? []).map(({ AlarmName }) => AlarmName),
  "events rule": async (cloud) => ((await (await cloud.events()).listRules({})).Rules ?? []).map(({ Name }) => Name),
  "cloudtrail trail": async (cloud) =>
    ((await (await cloud.trails()).describeTrails({})).trailList ?? []).map(({ Name }) => Name),
  "secretsmanager secret": async (cloud) =>
    ((await (await cloud.secrets()).listSecrets({})).SecretList ?? []).map(({ Name }) => Name),
  "ecr repository": async (cloud) =>
    ((await (await cloud.ecr()).describeRepositories({})).repositories ?? []).map(
      ({ repositoryName }) => repositoryName,
    ),
  "route53 zone": async (cloud) =>
    ((await (await cloud.dns()).listHostedZones({})).HostedZones ?? []).map(({ Name }) => Name),
};

/** Buckets are listed for the whole account, which the local object store answers in its one region only. */
export async function thingsOf(cloud: Cloud): Promise<Thing[]> {
  const asked = Object.entries(listings).filter(([kind]) => kind !== "s3 bucket" || cloud.region === awsRegion);
  const found = await Promise.all(
    asked.map(async ([kind, list]) => {
      const ids = (await list(cloud)).map((id) => id ?? "?").sort();
      return ids.map((id) => ({ kind, id }));
    }),
  );
  return found.flat();
}

/** A key that waits for its deletion is gone: nobody can use it, and AWS lets none go at once. */
export async function keysOf(cloud: Cloud): Promise<string[]> {
  const kms = await cloud.kms();
  const { Keys = [] } = await kms.listKeys({});
  const described = await Promise.all(Keys.map(({ KeyId }) => kms.describeKey({ KeyId })));
  return described.flatMap(({ KeyMetadata }) =>
    KeyMetadata?.KeyState === "PendingDeletion" || KeyMetadata?.KeyManager === "AWS" ? [] : (KeyMetadata?.Arn ?? []),
  );
}

async function networks(cloud: Cloud): Promise<{ own: (string | undefined)[] }> {
  const { Vpcs = [] } = await (await cloud.ec2()).describeVpcs({});
  return { own: Vpcs.filter(({ IsDefault }) => !IsDefault).map(({ VpcId }) => VpcId) };
}

async function inOwnNetworks<Item extends { VpcId?: string }>(
  cloud: Cloud,
  items: Item[] | undefined,
  idOf: (item: Item) => string | undefined,
): Promise<(string | undefined)[]> {
  const { own } = await networks(cloud);
  return (items ?? []).filter(({ VpcId }) => own.includes(VpcId)).map(idOf);
}
