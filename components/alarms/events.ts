/** What is told of the account's own calls: rules on single events, and counters over the audit's log group. */

export interface EventAlarm {
  id: string;
  description: string;
  pattern: { source: string[]; "detail-type": string[]; detail: Record<string, string[]> };
}

/** From the moment that a key is off, everything under it is dark; a deletion can be called back only while it waits. */
export const keyEvents: EventAlarm = {
  id: "key-disabled",
  description: "A KMS key was disabled or is to be deleted",
  pattern: {
    source: ["aws.kms"],
    "detail-type": ["AWS API Call via CloudTrail"],
    detail: { eventSource: ["kms.amazonaws.com"], eventName: ["DisableKey", "ScheduleKeyDeletion"] },
  },
};

export interface LogAlarm {
  id: string;
  description: string;
  /** A CloudWatch Logs filter over CloudTrail's records. */
  pattern: string;
}

const anyOf = (field: string, values: readonly string[]) =>
  values.map((value) => `($.${field} = "${value}")`).join(" || ");

/** Of one service's calls, by their names. */
const calls = (service: string, ...names: string[]) =>
  `{ $.eventSource = "${service}.amazonaws.com" && (${anyOf("eventName", names)}) }`;

/**
 * Calls of EC2's and of S3's change things of every plane, too: by a `pulumi up`, say. Their alarms tell that it was done.
 * Source: CIS AWS Foundations Benchmark 1.4, section 4, whose recommendations they are in its order.
 */
export const logAlarms: readonly LogAlarm[] = [
  {
    id: "refused-calls",
    description: "Somebody was refused what they asked of AWS",
    pattern: '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
  },
  {
    id: "sign-in-without-mfa",
    description: "Somebody signed in to the console without a second factor",
    pattern:
      '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes" && $.userIdentity.type = "IAMUser" && $.responseElements.ConsoleLogin = "Success" }',
  },
  {
    id: "root-use",
    description: "Somebody used the account's root user",
    pattern:
      '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
  },
  {
    id: "iam-change",
    description: "Permissions of the account were changed",
    pattern: calls(
      "iam",
      ...["User", "Group", "Role"].flatMap((kind) => [
        ...[`Put${kind}Policy`, `Delete${kind}Policy`],
        ...[`Attach${kind}Policy`, `Detach${kind}Policy`],
      ]),
      ...["CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion"],
    ),
  },
  {
    id: "trail-change",
    description: "The recording of API calls was changed or stopped",
    pattern: calls(
      "cloudtrail",
      ...["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging", "PutEventSelectors"],
    ),
  },
  {
    id: "failed-sign-in",
    description: "Somebody failed to sign in to the console",
    pattern: '{ $.eventName = "ConsoleLogin" && $.errorMessage = "Failed authentication" }',
  },
  {
    id: "key-change",
    description: "A KMS key was disabled or is to be deleted",
    pattern: calls("kms", "DisableKey", "ScheduleKeyDeletion"),
  },
  {
    id: "bucket-change",
    description: "Who may read a bucket, or what is kept of it, was changed",
    pattern: calls(
      "s3",
      ...["PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication"],
      ...["DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"],
    ),
  },
  {
    id: "recorder-change",
    description: "The recording of AWS Config was changed or stopped",
    pattern: calls(
      "config",
      ...["StopConfigurationRecorder", "PutConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel"],
    ),
  },
  {
    id: "security-group-change",
    description: "A security group was changed",
    pattern: calls(
      "ec2",
      ...["AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress"],
      ...["RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup"],
    ),
  },
  {
    id: "access-list-change",
    description: "A network's access list was changed",
    pattern: calls(
      "ec2",
      ...["CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry"],
      ...["ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"],
    ),
  },
  {
    id: "gateway-change",
    description: "A way between a network and the internet was changed",
    pattern: calls(
      "ec2",
      ...["CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway"],
      ...["DeleteInternetGateway", "DetachInternetGateway"],
    ),
  },
  {
    id: "route-change",
    description: "A route was changed",
    pattern: calls(
      "ec2",
      ...["CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable"],
      ...["DeleteRoute", "DisassociateRouteTable"],
    ),
  },
  {
    id: "network-change",
    description: "A network was changed, or joined to another one",
    pattern: calls(
      "ec2",
      ...["CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection"],
      ...["DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc"],
      ...["DisableVpcClassicLink", "EnableVpcClassicLink"],
    ),
  },
  {
    id: "organisation-change",
    description: "The organisation of the account was changed",
    pattern: calls(
      "organizations",
      ...["AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy"],
      ...["DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy"],
      ...["DisablePolicyType", "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization", "MoveAccount"],
      ...["RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit"],
    ),
  },
];

/** Told even where somebody else's alarms tell the rest: all else rests on them. */
const essential = ["root-use", "trail-change"];

export type CallAlarms = "benchmark" | "essential";

export function callAlarms(which: CallAlarms): readonly LogAlarm[] {
  return which === "benchmark" ? logAlarms : logAlarms.filter(({ id }) => essential.includes(id));
}
