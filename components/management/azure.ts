import { FederatedIdentityCredential } from "@pulumi/azure-native/managedidentity/federatedIdentityCredential.js";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity.js";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { ManagementLevel } from "../admission/management.ts";
import { createRole, grant } from "../identity/azure-grants.ts";
import type { Tags } from "../ownership/tags.ts";
import { azureManagementActions } from "./azure-levels.ts";

export interface ManagementIdentityArgs {
  subscription: string;
  group: pulumi.Input<string>;
  region: string;
  /** ARM id. */
  clusterId: pulumi.Input<string>;
  /** Whose token, of which of its own workloads, made for whom: each as the vendor says it. */
  issuer: string;
  subject: string;
  audience: string;
  level: ManagementLevel;
  tags: Tags;
}

/**
 * The one way of the vendor into a BYOC customer's subscription: an identity that one workload of the vendor's takes by a
 * token of the vendor's own issuer, without a secret and without a path to data or to more rights. In place of the
 * documented Contributor and Role Based Access Control Administrator on the subscription, one role on one cluster.
 * Proved by human-no-iam-credentials, human-no-data-store-access, model-byoc-separated-from-data and n-byoc-policy-not-data.
 */
export class ManagementIdentity extends pulumi.ComponentResource {
  /** What the vendor signs in as. */
  readonly clientId: pulumi.Output<string>;
  /** Object id: the user that Kubernetes knows it as. */
  readonly principalId: pulumi.Output<string>;

  constructor(name: string, args: ManagementIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:management:ManagementIdentity", name, {}, opts);
    const { subscription, group, region, clusterId, issuer, subject, audience, level, tags } = args;
    const identity = new UserAssignedIdentity(
      name,
      { resourceGroupName: group, location: region, resourceName: physicalName("azure-resource", name), tags },
      { parent: this },
    );
    const title = `Management of a cluster: ${level}`;
    const role = createRole(name, { title, actions: azureManagementActions[level], dataActions: [] }, args, this);
    const { principalId } = identity;
    const granted = grant(
      name,
      { subscription, role, scope: clusterId, principalId, description: `Operation by its vendor: ${level}` },
      this,
    );
    const trusted = new FederatedIdentityCredential(
      name,
      {
        ...{ resourceGroupName: group, resourceName: identity.name, issuer, subject, audiences: [audience] },
        federatedIdentityCredentialResourceName: "vendor",
      },
      { parent: this },
    );
    const ready = pulumi.all([granted.id, trusted.id]);
    this.clientId = pulumi.all([identity.clientId, ready]).apply(([known]) => known);
    this.principalId = pulumi.all([principalId, ready]).apply(([known]) => known);
    this.registerOutputs({ clientId: this.clientId });
  }
}
