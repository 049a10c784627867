/** What may pass through a VPC endpoint: a fence around data beside the principals' own policies. */

/** Buckets of AWS's own that nodes read: layers of images in ECR, packages of Amazon Linux 2023. */
function awsOwnedObjects(region: string): string[] {
  return [`arn:aws:s3:::prod-${region}-starport-layer-bucket/*`, `arn:aws:s3:::al2023-repos-${region}-de612dc2/*`];
}

const allow = { Effect: "Allow" as const, Principal: "*" };

/** Foreign credentials inside the network carry nothing out, whatever they may do at home. */
function ownPrincipals(account: string) {
  return {
    Sid: "OwnPrincipals",
    ...allow,
    Action: "*",
    Resource: "*",
    Condition: { StringEquals: { "aws:PrincipalAccount": account } },
  };
}

/** As `ownPrincipals`, and nothing of another account is written or read either. */
function ownPrincipalsAndResources(account: string) {
  return {
    ...ownPrincipals(account),
    Sid: "OwnPrincipalsAndResources",
    Condition: { StringEquals: { "aws:PrincipalAccount": account, "aws:ResourceAccount": account } },
  };
}

/**
 * @param service the last part of the endpoint's service name, such as `ecr.api`
 * @returns the document, or undefined for services that carry no data: AWS's default (all) stands there
 */
export function renderEndpointPolicy(service: string, { account, region }: { account: string; region: string }) {
  const statements = statementsOf(service, account, region);
  return statements && { Version: "2012-10-17" as const, Statement: statements };
}

function statementsOf(service: string, account: string, region: string) {
  switch (service) {
    case "s3":
      // A principal's own policy says which buckets; people's tasks read public data sets, so resources stay open.
      return [
        ownPrincipals(account),
        { Sid: "AwsOwnedObjects", ...allow, Action: "s3:GetObject", Resource: awsOwnedObjects(region) },
      ];
    case "sts":
      return [
        ownPrincipals(account),
        // A pod that trades its token for a role is nobody's principal yet.
        {
          Sid: "OwnRolesByToken",
          ...allow,
          Action: "sts:AssumeRoleWithWebIdentity",
          Resource: "*",
          Condition: { StringEquals: { "aws:ResourceAccount": account } },
        },
      ];
    case "ecr.api":
    case "ecr.dkr":
      // Images of the cluster's add-ons are in AWS's own accounts.
      return [ownPrincipals(account)];
    case "kms":
    case "logs":
    case "secretsmanager":
      return [ownPrincipalsAndResources(account)];
    default:
      return undefined;
  }
}
