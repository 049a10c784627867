import { FederatedIdentityCredential } from "@pulumi/azure-native/managedidentity/federatedIdentityCredential.js";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity.js";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Tags } from "../ownership/tags.ts";
import { builtInRoles, createRole, grant } from "./azure-grants.ts";
import { type IdentityPlan, type IdentityPlanArgs, planIdentities } from "./azure-plan.ts";
import { customRoles, objectsUnder, subjectOf, tokenAudience } from "./azure-roles.ts";
import type { PlaneIdentities, Subject } from "./contract.ts";

export interface PlatformIdentitiesArgs extends Omit<IdentityPlanArgs, "names" | "secretsInCloud"> {
  /** As the documented commands know them. @default adminflyterole, userflyterole */
  names?: { admin: string; user: string };
  subscription: string;
  group: pulumi.Input<string>;
  region: string;
  /** URL that the cluster's tokens are issued by. */
  issuer: pulumi.Input<string>;
  /** ARM ids, once they are there. */
  storage: { account: pulumi.Input<string>; containers: Record<string, pulumi.Input<string>> };
  /** Vault of users' secrets, by its ARM id. @default none: they are in the cluster */
  secretsVault?: pulumi.Input<string>;
  tags: Tags;
}

/**
 * The managed identities that a compute plane's pods take by workload identity, and nobody else takes: one for the
 * platform's services, one for each twenty namespaces of task pods or, with `isolation: project`, one for each project
 * and domain. No secret of theirs exists. Objects are theirs container by container, task pods' under their own prefix;
 * secrets in one vault; nothing is granted in a group or in the subscription.
 * Proved by iam-two-roles-per-plane, lp-roles-bound-by-federation, iam-admin-permission-set, iam-user-permission-set,
 * iam-roles-narrow and, with isolation, buckets-prefix-scopable and n-project-scoped-roles.
 */
export class PlatformIdentities extends pulumi.ComponentResource implements PlaneIdentities {
  /** Client ids, answered once the identity may do all that it is for. */
  readonly admin: pulumi.Output<string>;
  readonly user: pulumi.Output<string>;
  readonly projects: Readonly<Record<string, pulumi.Output<string>>>;
  /** Object id of the admin's, for rights that are granted beside what they hold on. */
  readonly adminPrincipal: pulumi.Output<string>;

  constructor(name: string, args: PlatformIdentitiesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:identity:PlatformIdentities", name, {}, opts);
    const { names = { admin: "adminflyterole", user: "userflyterole" }, secretsVault } = args;
    const plan = planIdentities({ ...args, names, secretsInCloud: secretsVault !== undefined });
    const objects = createRole(`${name}-objects`, customRoles.objects, args, this);
    const making = { args, objects, parent: this };

    const admin = createIdentity(`${name}-admin`, plan.admin, making);
    const more = letServe(`${name}-admin`, name, admin.principalId, making);
    this.admin = afterAll(admin.clientId, [...admin.granted, ...more]);
    this.adminPrincipal = admin.principalId;
    const users = new Map<IdentityPlan, pulumi.Output<string>>(
      plan.users.map((user) => {
        const made = createIdentity(`${name}-user${user.key ? `-${user.key}` : ""}`, user, making);
        return [user, afterAll(made.clientId, made.granted)];
      }),
    );
    const clientOf = (user: IdentityPlan) => {
      const client = users.get(user);
      if (!client) throw new Error(`no identity ${user.name} was made`);
      return client;
    };
    this.user = clientOf(plan.users[0]);
    this.projects = Object.fromEntries([...plan.projects].map(([namespace, user]) => [namespace, clientOf(user)]));
    this.registerOutputs({ admin: this.admin, user: this.user });
  }
}

interface Making {
  args: PlatformIdentitiesArgs;
  /** Role over objects. */
  objects: pulumi.Output<string>;
  parent: pulumi.Resource;
}

function createIdentity(name: string, plan: IdentityPlan, { args, objects, parent }: Making) {
  const { subscription, group, region, tags } = args;
  const identity = new UserAssignedIdentity(
    name,
    { resourceGroupName: group, location: region, resourceName: plan.name, tags },
    { parent },
  );
  const { clientId, principalId } = identity;
  const condition = plan.prefix === undefined ? {} : { condition: objectsUnder(plan.prefix) };
  const onContainers = Object.entries(args.storage.containers).map(([which, scope]) =>
    grant(
      `${name}-${which}`,
      { subscription, role: objects, scope, principalId, ...condition, description: `Objects of ${plan.name}` },
      parent,
    ),
  );
  return {
    clientId,
    principalId,
    granted: [...onContainers, ...trustPods(name, identity, plan.subjects, args, parent)],
  };
}

/** Exact names, one after the other: Azure refuses two credentials of an identity at once. */
function trustPods(
  name: string,
  identity: UserAssignedIdentity,
  subjects: Subject[],
  { group, issuer }: PlatformIdentitiesArgs,
  parent: pulumi.Resource,
): pulumi.CustomResource[] {
  const made: FederatedIdentityCredential[] = [];
  for (const subject of subjects) {
    const { namespace, serviceAccount } = subject;
    const before = made.slice(-1);
    made.push(
      new FederatedIdentityCredential(
        `${name}-${namespace}-${serviceAccount}`,
        {
          ...{ resourceGroupName: group, resourceName: identity.name, issuer },
          federatedIdentityCredentialResourceName: physicalName("azure-resource", namespace, serviceAccount),
          subject: subjectOf(subject),
          audiences: [tokenAudience],
        },
        { parent, dependsOn: before },
      ),
    );
  }
  return made;
}

/** What the services may beside objects: sign URLs, in the name of who they are, and keep secrets. */
function letServe(
  name: string,
  prefix: string,
  principalId: pulumi.Output<string>,
  { args, parent }: Making,
): pulumi.CustomResource[] {
  const { subscription, storage, secretsVault } = args;
  const signs = grant(
    `${name}-signs`,
    {
      ...{ subscription, role: builtInRoles.blobDelegator, scope: storage.account, principalId },
      description: "Signs URLs, which reach no further than its own rights",
    },
    parent,
  );
  if (secretsVault === undefined) return [signs];
  const role = createRole(`${prefix}-secret-keeper`, customRoles.secretKeeper, args, parent);
  const keeps = grant(
    `${name}-secrets`,
    { subscription, role, scope: secretsVault, principalId, description: "Keeps users' secrets" },
    parent,
  );
  return [signs, keeps];
}

function afterAll(clientId: pulumi.Output<string>, granted: pulumi.CustomResource[]): pulumi.Output<string> {
  return pulumi.all([clientId, pulumi.all(granted.map(({ id }) => id))]).apply(([known]) => known);
}
