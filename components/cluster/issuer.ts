import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import type { WorkloadIssuer } from "./contract.ts";

/** The only audience that pods' tokens are taken for. */
const audience = "sts.amazonaws.com";

/** IAM verifies the issuer by its public certificate, so no thumbprint is pinned that would age. */
export function trustPodTokens(
  name: string,
  url: pulumi.Output<string>,
  tags: Tags,
  parent: pulumi.Resource,
): WorkloadIssuer {
  const args = { url, clientIdLists: [audience], tags };
  const provider = new aws.iam.OpenIdConnectProvider(`${name}-pods`, args, { parent });
  return { providerArn: provider.arn, issuer: withoutScheme(url) };
}

export function issuerOf(name: string, cluster: aws.eks.Cluster): pulumi.Output<string> {
  return cluster.identities.apply((identities) => {
    const issuer = identities[0]?.oidcs?.[0]?.issuer;
    if (!issuer) throw new Error(`cluster ${name} answers no OIDC issuer`);
    return issuer;
  });
}

export function withoutScheme(url: pulumi.Output<string>): pulumi.Output<string> {
  return url.apply((issuer) => issuer.replace(/^https:\/\//, ""));
}
