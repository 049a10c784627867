/** Calls, as CloudTrail records them, that section 4 of the benchmark wants somebody to be told of. */

type Event = Readonly<Record<string, unknown>>;

const user = { type: "IAMUser", userName: "somebody" };
const base = { eventType: "AwsApiCall", sourceIPAddress: "192.0.2.1", userIdentity: user };

const calls = (service: string, ...names: string[]): Event[] =>
  names.map((eventName) => ({ ...base, eventSource: `${service}.amazonaws.com`, eventName }));

const signIn = (more: Event): Event => ({
  ...base,
  ...{ eventType: "AwsConsoleSignIn", eventSource: "signin.amazonaws.com", eventName: "ConsoleLogin", ...more },
});

const signedIn = { responseElements: { ConsoleLogin: "Success" } };

export const samples = {
  "4.1": [
    { ...base, eventSource: "s3.amazonaws.com", eventName: "GetObject", errorCode: "AccessDenied" },
    { ...base, eventSource: "kms.amazonaws.com", eventName: "Decrypt", errorCode: "AccessDeniedException" },
    { ...base, eventSource: "ec2.amazonaws.com", eventName: "RunInstances", errorCode: "Client.UnauthorizedOperation" },
  ],
  "4.2": [signIn({ ...signedIn, additionalEventData: { MFAUsed: "No" } })],
  "4.3": [
    { ...base, eventSource: "iam.amazonaws.com", eventName: "ListUsers", userIdentity: { type: "Root" } },
    signIn({ ...signedIn, additionalEventData: { MFAUsed: "Yes" }, userIdentity: { type: "Root" } }),
  ],
  "4.4": calls(
    "iam",
    ...["User", "Group", "Role"].flatMap((kind) => [
      ...[`Put${kind}Policy`, `Delete${kind}Policy`],
      ...[`Attach${kind}Policy`, `Detach${kind}Policy`],
    ]),
    ...["CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion"],
  ),
  "4.5": calls("cloudtrail", "CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
  "4.6": [signIn({ errorMessage: "Failed authentication", responseElements: { ConsoleLogin: "Failure" } })],
  "4.7": calls("kms", "DisableKey", "ScheduleKeyDeletion"),
  "4.8": calls(
    "s3",
    ...["PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication"],
    ...["DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"],
  ),
  "4.9": calls(
    "config",
    ...["StopConfigurationRecorder", "PutConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel"],
  ),
  "4.10": calls(
    "ec2",
    ...["AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress"],
    ...["RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup"],
  ),
  "4.11": calls(
    "ec2",
    ...["CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry"],
    ...["ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"],
  ),
  "4.12": calls(
    "ec2",
    ...["CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway"],
    ...["DeleteInternetGateway", "DetachInternetGateway"],
  ),
  "4.13": calls(
    "ec2",
    ...["CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable"],
    ...["DeleteRoute", "DisassociateRouteTable"],
  ),
  "4.14": calls(
    "ec2",
    ...["CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection"],
    ...["DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc"],
    ...["DisableVpcClassicLink", "EnableVpcClassicLink"],
  ),
  "4.15": calls(
    "organizations",
    ...["AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy"],
    ...["DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy"],
    ...["DisablePolicyType", "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization", "MoveAccount"],
    ...["RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit"],
  ),
} as const satisfies Record<string, readonly Event[]>;
