/** Ways into a key that are narrower than "the whole account through a service"; each concern composes its own. */
import type { KeyStatement } from "./key-policy.ts";

/** What reading and writing sealed objects takes; no grant, no re-encryption. */
const readAndWrite = ["kms:Decrypt", "kms:GenerateDataKey"];

export interface RolesThroughService {
  account: string;
  /** Exactly these roles, by ARN. They must exist: KMS refuses a policy that names nobody. */
  roles: string[];
  /** Such as `s3.us-east-2.amazonaws.com`. The roles cannot use the key by themselves. */
  service: string;
}

/** Named roles, only while they use the service's own objects. */
export function rolesThroughService({ account, roles, service }: RolesThroughService): KeyStatement {
  return {
    Sid: "RolesThroughService",
    Effect: "Allow",
    Principal: { AWS: roles },
    Action: readAndWrite,
    Resource: "*",
    Condition: { StringEquals: { "kms:CallerAccount": account, "kms:ViaService": service } },
  };
}

/**
 * CloudWatch Logs seals a log group itself and says which in the encryption context.
 * @param logGroups names; one that ends in `*` stands for all that begin so
 */
export function logGroupsOf(account: string, region: string, logGroups: string[]): KeyStatement {
  const arns = logGroups.map((name) => `arn:aws:logs:${region}:${account}:log-group:${name}`);
  return {
    Sid: "LogGroups",
    Effect: "Allow",
    Principal: { Service: `logs.${region}.amazonaws.com` },
    Action: [...readAndWrite, "kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
    Resource: "*",
    Condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": arns } },
  };
}

/** CloudTrail writes sealed files for one trail. Reading them takes a right of one's own. */
export function trailOf(account: string, region: string, trail: string): KeyStatement[] {
  const arn = `arn:aws:cloudtrail:${region}:${account}:trail/${trail}`;
  const service = { Service: "cloudtrail.amazonaws.com" };
  return [
    {
      Sid: "TrailSeals",
      Effect: "Allow",
      Principal: service,
      Action: ["kms:GenerateDataKey"],
      Resource: "*",
      Condition: {
        StringEquals: { "aws:SourceArn": arn },
        StringLike: { "kms:EncryptionContext:aws:cloudtrail:arn": `arn:aws:cloudtrail:*:${account}:trail/*` },
      },
    },
    {
      Sid: "TrailLooksAtKey",
      Effect: "Allow",
      Principal: service,
      Action: ["kms:DescribeKey"],
      Resource: "*",
      Condition: { StringEquals: { "aws:SourceArn": arn } },
    },
  ];
}

/** A service of AWS's that sends to a sealed topic or queue of this account, such as `cloudwatch.amazonaws.com`. */
export function publishersOf(account: string, services: string[]): KeyStatement[] {
  return services.map((service, at) => ({
    Sid: `Publisher${at + 1}`,
    Effect: "Allow",
    Principal: { Service: service },
    Action: readAndWrite,
    Resource: "*",
    Condition: { StringEquals: { "aws:SourceAccount": account } },
  }));
}
