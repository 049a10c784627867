import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { refusal, UserError } from "../../shared/errors.ts";
import type { Tags } from "../ownership/tags.ts";
import { ClusterAccess } from "./access.ts";
import { type AccessEntry, checkedEntries } from "./access-plan.ts";
import { type ApiLink, checkAdopted, checkLink, type FoundCluster } from "./adopt-checks.ts";
import type { EksCluster, WorkloadIssuer } from "./contract.ts";
import { trustPodTokens, withoutScheme } from "./issuer.ts";
import { hostOf, kubeconfigOf, portOf } from "./kubeconfig.ts";

export interface AdoptedClusterArgs {
  region: string;
  /** Name of a cluster of the account. It stays its owner's: it is looked up, and never changed or deleted. */
  clusterName: string;
  /**
   * The account's IAM OIDC provider of the cluster's issuer: an account has one of each, so it is made here only where
   * nobody has made it. @default existing
   */
  identityProvider?: "existing" | "create";
  /** Entries to add to those that the cluster has. @default none */
  access?: AccessEntry[];
  /** How whoever deploys reaches an API that is private. @default inside */
  link?: ApiLink;
  tags: Tags;
}

/**
 * An existing EKS cluster, in the place of one made here: what `adoptionChecks` lists is looked at in the preview, and
 * the first thing that does not hold is refused. Proved by the same claims as `Cluster`, but for its nodes: these are
 * its owner's, and `verify` reads them.
 */
export function adoptCluster(
  name: string,
  args: AdoptedClusterArgs,
  opts?: pulumi.ComponentResourceOptions,
): EksCluster {
  return new AdoptedCluster(name, args, opts);
}

class AdoptedCluster extends pulumi.ComponentResource implements EksCluster {
  readonly clusterName: string;
  readonly version: pulumi.Output<string>;
  readonly kubeconfig: pulumi.Output<string>;
  readonly apiHost: pulumi.Output<string>;
  readonly apiPort: pulumi.Output<number>;
  readonly nodeSecurityGroupId: pulumi.Output<string>;
  readonly workloadIssuer: WorkloadIssuer;

  constructor(name: string, args: AdoptedClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:cluster:AdoptedCluster", name, {}, opts);
    const { region, clusterName, tags } = args;
    const entries = checkedEntries(args.access ?? []);
    this.clusterName = clusterName;

    const held = aws.eks.getClusterOutput({ name: clusterName }, { parent: this });
    const checked = checkedFacts(args, held, this);
    const issuer = checked.apply(({ issuer }) => issuer ?? "");
    this.workloadIssuer =
      args.identityProvider === "create"
        ? trustPodTokens(name, issuer, tags, this)
        : { providerArn: findProvider(issuer, this), issuer: withoutScheme(issuer) };
    const access = new ClusterAccess(
      name,
      { clusterName: checked.apply(() => clusterName), entries, tags },
      { parent: this },
    );

    this.version = checked.version;
    const { endpoint } = held;
    const certificateAuthorityData = held.certificateAuthorities.apply(([authority]) => authority?.data ?? "");
    this.kubeconfig = kubeconfigOf({
      name: pulumi.all([clusterName, checked, access.ready]).apply(([known]) => known),
      region,
      endpoint,
      certificateAuthorityData,
    });
    this.apiHost = hostOf(endpoint);
    this.apiPort = portOf(endpoint);
    this.nodeSecurityGroupId = held.vpcConfig.clusterSecurityGroupId;
    this.registerOutputs({ clusterName, version: this.version });
  }
}

/**
 * Both look-ups are answered in a preview too. Cloud Control is asked for what EKS's own look-up leaves out; it takes
 * the right to cloudformation:GetResource. @returns what was found, once all of it holds
 */
function checkedFacts(
  { clusterName: name, link = "inside" }: AdoptedClusterArgs,
  held: pulumi.Output<aws.eks.GetClusterResult>,
  parent: pulumi.Resource,
): pulumi.Output<FoundCluster> {
  const control = { typeName: "AWS::EKS::Cluster", identifier: name };
  const { properties } = aws.cloudcontrol.getResourceOutput(control, { parent });
  return pulumi.all([held, properties]).apply(([{ vpcConfig: vpc, ...cluster }, text]) => {
    const found: FoundCluster = {
      name,
      status: cluster.status,
      version: cluster.version,
      issuer: cluster.identities[0]?.oidcs[0]?.issuer,
      secretsKeyArn: sealingKey(text),
      endpointPrivateAccess: vpc.endpointPrivateAccess,
      endpointPublicAccess: vpc.endpointPublicAccess,
      publicAccessCidrs: vpc.publicAccessCidrs,
      logTypes: cluster.enabledClusterLogTypes,
      authenticationMode: cluster.accessConfigs[0]?.authenticationMode ?? "CONFIG_MAP",
    };
    checkAdopted(found);
    checkLink(found, link);
    return found;
  });
}

/** @param text the cluster as CloudFormation's AWS::EKS::Cluster has it */
function sealingKey(text: string): string | undefined {
  const { EncryptionConfig = [] } = JSON.parse(text) as {
    EncryptionConfig?: { Resources?: string[]; Provider?: { KeyArn?: string } }[];
  };
  return EncryptionConfig.find(({ Resources = [] }) => Resources.includes("secrets"))?.Provider?.KeyArn;
}

function findProvider(issuer: pulumi.Output<string>, parent: pulumi.Resource): pulumi.Output<string> {
  return issuer.apply(async (url) => {
    try {
      return (await aws.iam.getOpenIdConnectProvider({ url }, { parent })).arn;
    } catch (cause) {
      const todo = "Set identityProvider to create, or make it: aws iam create-open-id-connect-provider.";
      const { message } = refusal({
        subject: `the account's OIDC provider for ${url}`,
        allowed: "one whose audience is sts.amazonaws.com",
        todo,
      });
      throw new UserError(message, { cause });
    }
  });
}
