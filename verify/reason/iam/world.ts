/** An account as the search sees it: who there is, what each holds, and what lies behind policies of its own. */
import type { PolicyDocument } from "../iam-policy.ts";
import type { Context } from "./glob.ts";

export interface HeldPolicy {
  /** Of a managed policy; an inline one has none. */
  arn?: string;
  document: PolicyDocument;
}

export interface Entity {
  arn: string;
  kind: "role" | "user";
  /** Who takes the role. */
  trust?: PolicyDocument;
  inline: readonly HeldPolicy[];
  attached: readonly HeldPolicy[];
  boundary?: HeldPolicy;
  /** ARNs of a user's groups. */
  groups?: readonly string[];
}

export interface Group {
  arn: string;
  inline: readonly HeldPolicy[];
  attached: readonly HeldPolicy[];
}

export interface ManagedPolicy {
  arn: string;
  document: PolicyDocument;
  /** Versions that are kept beside the default one, which may say more. @default 0 */
  olderVersions?: number;
}

/** Something that has a policy of its own: a bucket, a key, a secret, a repository, a log group. */
export interface Resource {
  arn: string;
  policy?: PolicyDocument;
}

export interface EksCluster {
  arn: string;
  /** The account's OIDC provider of its pods. */
  providerArn: string;
}

/**
 * What an access entry gives inside a cluster. `pods`: may run, enter or replace pods of the platform's namespaces.
 * `node`: joins as a node, and so gets the tokens of the pods that are placed on it.
 */
export interface AccessEntry {
  clusterArn: string;
  principalArn: string;
  power: "cluster-admin" | "pods" | "node" | "none";
}

/** Something that runs with a role: an instance, a function. */
export interface Compute {
  arn: string;
  kind: "instance" | "function";
  roleArn: string;
}

export interface World {
  account: string;
  entities: readonly Entity[];
  groups?: readonly Group[];
  policies?: readonly ManagedPolicy[];
  resources?: readonly Resource[];
  clusters?: readonly EksCluster[];
  accessEntries?: readonly AccessEntry[];
  compute?: readonly Compute[];
  /** Of the organisation; each list must allow. */
  ceilings?: readonly (readonly PolicyDocument[])[];
  /** What the attacker's requests carry beside what every request does, such as an ExternalId that it was given. */
  carries?: Context;
}

/** Allows everything; what somebody who may write a policy would write. */
export const everything: PolicyDocument = {
  version: "2012-10-17",
  statements: [
    {
      sid: "WrittenByTheAttacker",
      effect: "Allow",
      actions: ["*"],
      notActions: [],
      resources: ["*"],
      notResources: [],
      principals: [],
      conditions: {},
    },
  ],
};

/** The policy of the resource itself, or of what it lies in: a bucket for its objects; a role's is its trust policy. */
export function policyOf(world: World, action: string, resource: string): PolicyDocument | undefined {
  if (action.startsWith("sts:")) return world.entities.find(({ arn }) => arn === resource)?.trust;
  return world.resources?.find(({ arn }) => arn === resource || resource.startsWith(`${arn}/`))?.policy;
}

export function documentsOf(entity: Entity, world: World): PolicyDocument[] {
  const groups = (world.groups ?? []).filter(({ arn }) => entity.groups?.includes(arn));
  return [entity, ...groups].flatMap(({ inline, attached }) =>
    [...inline, ...attached].map(({ document }) => document),
  );
}
