/**
 * An AWS account and a cluster with one of everything, answered in place of the SDKs' network: each call is put to
 * `allowed` first, and refused as the real ones refuse.
 */
import { AuthorizationV1Api, KubernetesObjectApi } from "@kubernetes/client-node";
import { vi } from "vitest";

type Answers = Readonly<Record<string, object>>;

const role = { RoleName: "r", Arn: "arn:aws:iam::222222222222:role/r", AssumeRolePolicyDocument: "{}" };
const keyMetadata = {
  Arn: "arn:aws:kms:us-east-2:222222222222:key/k",
  KeySpec: "SYMMETRIC_DEFAULT",
  KeyState: "Enabled",
};
const group = { GroupId: "sg-1", GroupName: "g", VpcId: "vpc-1", IpPermissions: [] };

const key = (n: number) => ["active", "last_rotated", "last_used_date"].map((column) => `access_key_${n}_${column}`);
const credentialReport = [
  `user,password_enabled,password_last_used,password_last_changed,mfa_active,${[...key(1), ...key(2)].join()}`,
  "<root_account>,not_supported,N/A,not_supported,true,false,N/A,N/A,false,N/A,N/A",
].join("\n");

/** As CloudTrail words the call that made a role, by a session of `role`. */
const creationOf = (roleName: string) => ({
  CloudTrailEvent: JSON.stringify({
    ...{ eventID: "e", eventTime: "2026-01-01T00:00:00Z", eventSource: "iam.amazonaws.com", eventName: "CreateRole" },
    userIdentity: {
      ...{ type: "AssumedRole", arn: "arn:aws:sts::222222222222:assumed-role/r/s", accountId: "222222222222" },
      sessionContext: {
        sessionIssuer: { type: "Role", arn: role.Arn, principalId: "AROAR", userName: role.RoleName },
      },
    },
    requestParameters: { roleName },
    responseElements: { role: { roleId: "AROAR" } },
  }),
});

/** By operation; what is not here is answered with nothing in it. */
const answers: Answers = {
  GetCallerIdentity: { Account: "222222222222" },
  ListRoles: { Roles: [role] },
  GetRole: {
    Role: { ...role, RoleId: "AROAR", CreateDate: new Date() },
  },
  LookupEvents: { Events: ["adminflyterole", "userflyterole"].map(creationOf) },
  ListRolePolicies: { PolicyNames: ["p"] },
  GetRolePolicy: { PolicyDocument: "{}" },
  ListAttachedRolePolicies: { AttachedPolicies: [{ PolicyArn: "arn:aws:iam::222222222222:policy/a" }] },
  GetPolicy: { Policy: { DefaultVersionId: "v1" } },
  GetPolicyVersion: { PolicyVersion: { Document: "{}" } },
  ListUsers: { Users: [{ UserName: "u" }] },
  ListOpenIDConnectProviders: { OpenIDConnectProviderList: [{ Arn: "arn:aws:iam::222222222222:oidc-provider/o" }] },
  DescribeRepositories: { repositories: [{ repositoryName: "r" }] },
  DescribeCluster: { cluster: { resourcesVpcConfig: { vpcId: "vpc-1" } } },
  DescribeInstances: { Reservations: [{ Instances: [{ InstanceId: "i-1", InstanceType: "m7i.xlarge" }] }] },
  DescribeInstanceTypes: {
    InstanceTypes: [{ InstanceType: "m7i.xlarge", NetworkInfo: { EncryptionInTransitSupported: true } }],
  },
  ListAccessEntries: { accessEntries: ["arn:aws:iam::222222222222:role/r"] },
  ListPodIdentityAssociations: { associations: [{ associationId: "a" }] },
  DescribeVpcEndpointServiceConfigurations: {
    ServiceConfigurations: [{ ServiceId: "vpce-svc-1", NetworkLoadBalancerArns: ["arn:nlb"] }],
  },
  DescribeLoadBalancers: { LoadBalancers: [{ LoadBalancerArn: "arn:nlb" }] },
  DescribeNetworkInterfaces: {
    NetworkInterfaces: [{ NetworkInterfaceId: "eni-1", Association: { PublicIp: "203.0.113.1" } }],
  },
  ListKeys: { Keys: [{ KeyId: "k" }] },
  DescribeKey: { KeyMetadata: keyMetadata },
  GetKeyPolicy: { Policy: "{}" },
  ListSecrets: { SecretList: [{ ARN: "arn:aws:secretsmanager:us-east-2:222222222222:secret:s", Name: "s" }] },
  DescribeLogGroups: { logGroups: [{ logGroupName: "g" }] },
  DescribeDBInstances: { DBInstances: [{ DBInstanceIdentifier: "d", LatestRestorableTime: new Date(0) }] },
  DescribeSubnets: { Subnets: [{ SubnetId: "subnet-1", VpcId: "vpc-1" }] },
  DescribeSecurityGroups: { SecurityGroups: [group] },
  DescribeSecurityGroupRules: { SecurityGroupRules: [{ GroupId: "sg-1", PrefixListId: "pl-1" }] },
  ListNodegroups: { nodegroups: ["n"] },
  DescribeTrails: { trailList: [{ TrailARN: "arn:trail", S3BucketName: "b" }] },
  DescribeRegions: { Regions: [{ RegionName: "us-east-2" }, { RegionName: "eu-west-1" }] },
  GetAccountSummary: { SummaryMap: { AccountAccessKeysPresent: 0, AccountMFAEnabled: 1 } },
  GetCredentialReport: { GeneratedTime: new Date(0), Content: Buffer.from(credentialReport) },
  ListBuckets: { Buckets: [{ Name: "b" }] },
  ListSchedules: { Schedules: [{ Name: "s", GroupName: "default" }] },
  ListBackupPlans: { BackupPlansList: [{ BackupPlanId: "b" }] },
  ListBackupSelections: { BackupSelectionsList: [{ SelectionId: "s" }] },
};

interface Command {
  constructor: { name: string };
  input: object;
}

/** Of whatever service: that there is another page, and how to ask for it. */
const goesOn = {
  ...{
    NextToken: "t",
    nextToken: "t",
    Marker: "t",
    NextMarker: "t",
    ContinuationToken: "t",
    NextContinuationToken: "t",
  },
  ...{ IsTruncated: true, Truncated: true },
};
const asksOn = ["NextToken", "nextToken", "Marker", "ContinuationToken"];

export interface Failure {
  name: string;
  message: string;
}

/**
 * @param clients prototypes of the SDK's clients, one at least: they share what sends
 * @param failing the failure of an operation (`GetRolePolicy`) of a service, if it shall fail
 * @param cut `service:Operation` whose first page says that there is another, which fails
 */
export function fakeAccount(
  client: object,
  failing: (operation: string, service: string) => Failure | undefined,
  cut?: string,
): void {
  const shared = Object.getPrototypeOf(client) as { send(command: Command): Promise<object> };
  vi.spyOn(shared, "send").mockImplementation(async function (this: { config: { serviceId: string } }, command) {
    const operation = command.constructor.name.replace(/Command$/, "");
    const service = serviceOf(this.config.serviceId);
    const second = asksOn.some((name) => name in command.input && Reflect.get(command.input, name) !== undefined);
    const isCut = cut === `${service}:${operation}`;
    const failure =
      isCut && second ? { name: "ServiceUnavailable", message: "no second page" } : failing(operation, service);
    if (failure) throw Object.assign(new Error(failure.message), { name: failure.name });
    return { ...structuredClone(answers[operation] ?? {}), ...(isCut ? goesOn : {}) };
  });
}

/** As rights name it: `Elastic Load Balancing v2` is `elasticloadbalancing`. */
function serviceOf(serviceId: string): string {
  const name = serviceId.toLowerCase().replace(/ (v2)?/g, "");
  return name === "cloudwatchlogs" ? "logs" : name;
}

/** @param failing the failure of a verb on a resource (`pods`), if it shall fail */
export function fakeCluster(failing: (verb: string, group: string, resource: string) => Failure | undefined): void {
  const refuse = (verb: string, apiGroup: string, resource: string) => {
    const failure = failing(verb, apiGroup, resource);
    if (failure) throw Object.assign(new Error(failure.message), { name: failure.name });
  };
  vi.spyOn(KubernetesObjectApi.prototype, "list").mockImplementation(async (apiVersion, kind) => {
    refuse("list", apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "", plural(kind));
    const labels = { "topology.kubernetes.io/zone": "us-east-2a" };
    return { apiVersion, kind: `${kind}List`, metadata: {}, items: [{ metadata: { name: "one", labels } }] };
  });
  vi.spyOn(AuthorizationV1Api.prototype, "createSubjectAccessReview").mockImplementation(async ({ body }) => {
    refuse("create", "authorization.k8s.io", "subjectaccessreviews");
    return { ...body, status: { allowed: false } };
  });
}

const plural = (kind: string) => kind.toLowerCase().replace(/y$/, "ie").replace(/ss$/, "sse").concat("s");

export const kubeconfig = `apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://nowhere.test"}}]
users: [{name: u, user: {}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
`;
