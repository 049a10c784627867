/** Package aws: the table of its types, by service, and the functions that programs call. */
import type { Package, Types } from "../machine/resource.ts";
import { properties } from "../machine/resource.ts";
import { Secret } from "../machine/values.ts";
import { backupTypes } from "./backup.ts";
import type { Cloud } from "./cloud.ts";
import { trailTypes } from "./cloudtrail.ts";
import { alarmTypes } from "./cloudwatch-alarms.ts";
import { eventTypes } from "./cloudwatch-events.ts";
import { firewallTypes } from "./ec2-firewall.ts";
import { networkLookups } from "./ec2-lookups.ts";
import { networkTypes } from "./ec2-network.ts";
import { ecrTypes } from "./ecr.ts";
import { clusterLookups } from "./eks-lookups.ts";
import { eksTypes } from "./eks-types.ts";
import { iamTypes } from "./iam.ts";
import { kmsTypes } from "./kms.ts";
import { lbTypes } from "./lb.ts";
import { logsTypes } from "./logs.ts";
import { organizationsTypes } from "./organizations.ts";
import { rdsTypes } from "./rds.ts";
import { s3Types } from "./s3.ts";
import { schedulerTypes } from "./scheduler.ts";
import { snsTypes } from "./sns.ts";
import { vpcTypes } from "./vpc-types.ts";

export function awsPackage(cloud: Cloud): Package {
  const types: Types = {
    ...alarmTypes(cloud),
    ...backupTypes(cloud),
    ...eventTypes(cloud),
    ...logsTypes(cloud),
    ...snsTypes(cloud),
    ...trailTypes(cloud),
    ...networkTypes(cloud),
    ...vpcTypes(cloud),
    ...firewallTypes(cloud),
    ...ecrTypes(cloud),
    ...eksTypes(cloud),
    ...iamTypes(cloud),
    ...kmsTypes(cloud),
    ...lbTypes(cloud),
    ...organizationsTypes(cloud),
    ...rdsTypes(cloud),
    ...s3Types(cloud),
    ...schedulerTypes(cloud),
  };
  return {
    name: "aws",
    version: "7.48.0",
    table: "sandbox/providers/aws/",
    accepts({ allowedAccountIds: allowed = [] }) {
      const ids: unknown[] = Array.isArray(allowed) ? allowed : JSON.parse(String(allowed));
      if (ids.length > 0 && !ids.includes(cloud.account))
        throw new Error(`AWS account ID not allowed: ${cloud.account}`);
    },
    typeOf: (token) => types[token],
    invokes: {
      ...clusterLookups(cloud),
      ...networkLookups(cloud),
      "aws:index/getCallerIdentity:getCallerIdentity": async () => {
        const { Account, Arn, UserId } = await (await cloud.sts()).getCallerIdentity({});
        return properties({ id: Account, accountId: Account, arn: Arn, userId: UserId });
      },
      "aws:index/getRegion:getRegion": async () => ({ id: cloud.region, name: cloud.region, region: cloud.region }),
      "aws:secretsmanager/getSecretVersion:getSecretVersion": async ({ secretId }) => {
        const held = await (await cloud.secrets()).getSecretValue({ SecretId: String(secretId) });
        const { SecretString: secretString = "", ARN: arn, VersionId: versionId } = held;
        return {
          ...properties({ id: `${secretId}|AWSCURRENT`, secretId, arn, versionId }),
          secretString: new Secret(secretString),
        };
      },
    },
  };
}
