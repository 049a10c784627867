/**
 * Who can become a cloud role from inside the cluster: RBAC, times what makes or enters pods, times whose pods the role
 * trusts. Shortest way of each, over any number of accounts.
 */
import type { Facts, IamRole } from "../../facts.ts";
import { globWithin, grants as statementsOf } from "../iam-policy.ts";
import { type Account, type Grant, grantsTo, grantsToGroup, grantsToUser, namedIn } from "../rbac/grants.ts";
import { type Step, stepsTo } from "./powers.ts";

type ClusterFacts = Pick<
  Facts,
  | "serviceAccounts"
  | "pods"
  | "roles"
  | "clusterRoles"
  | "roleBindings"
  | "clusterRoleBindings"
  | "cluster"
  | "clusterAccess"
>;

export interface Becoming {
  /** `Group/x`, `User/x`, `ServiceAccount/ns/name`. */
  who: string;
  /** From the first step to the role itself. One step: the role trusts the account itself. */
  path: string[];
}

/** @returns everybody who has a way; who is not in it has none of the ways that are known (powers.ts) */
export function whoBecomes(role: IamRole, facts: ClusterFacts): Becoming[] {
  const accounts = facts.serviceAccounts.map(({ metadata }) => ({
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
  }));
  const trusted = new Map<string, string>();
  for (const account of accounts) {
    const word = trustOf(role, account, facts);
    if (word !== undefined) trusted.set(idOf(account), word);
  }
  const cache = new Map<string, Step[]>();
  const stepsFrom = (id: string, grants: () => readonly Grant[]) => {
    const known = cache.get(id) ?? stepsTo(accounts, grants(), facts.pods);
    cache.set(id, known);
    return known;
  };
  const starts = [
    ...accounts.map((account) => ({
      who: `ServiceAccount/${idOf(account)}`,
      account,
      grants: () => grantsTo(account, facts),
    })),
    ...namedIn(facts).map(({ kind, name }) => ({
      who: `${kind}/${name}`,
      account: undefined,
      grants: () => (kind === "User" ? grantsToUser(name, facts) : grantsToGroup(name, facts)),
    })),
  ];
  return starts.flatMap(({ who, account, grants }): Becoming[] => {
    const path = shortest(account, who, grants);
    return path ? [{ who, path }] : [];
  });

  function shortest(own: Account | undefined, who: string, grants: () => readonly Grant[]): string[] | undefined {
    const direct = own && trusted.get(idOf(own));
    if (direct !== undefined) return [direct];
    const seen = new Set<string>(own ? [idOf(own)] : []);
    let edge = [{ steps: stepsFrom(who, grants), path: [] as string[] }];
    while (edge.length > 0) {
      const next: typeof edge = [];
      for (const { steps, path } of edge) {
        for (const { to, text } of steps) {
          const id = idOf(to);
          if (seen.has(id)) continue;
          seen.add(id);
          const word = trusted.get(id);
          if (word !== undefined) return [...path, text, word];
          next.push({ steps: stepsFrom(`ServiceAccount/${id}`, () => grantsTo(to, facts)), path: [...path, text] });
        }
      }
      edge = next;
    }
    return undefined;
  }
}

const idOf = ({ namespace, name }: Account) => `${namespace}/${name}`;

/** The last step's words, when the role lets this account's pods take it. Trust that names no subject lets all. */
function trustOf(
  { arn, trust }: IamRole,
  account: Account,
  { cluster, clusterAccess }: ClusterFacts,
): string | undefined {
  const given = clusterAccess.podIdentities.find(
    ({ namespace, serviceAccount, roleArn }) =>
      roleArn === arn && namespace === account.namespace && serviceAccount === account.name,
  );
  if (given) return `pods of ${idOf(account)} are given ${arn} by a pod identity association`;
  const subject = `system:serviceaccount:${idOf(account).replace("/", ":")}`;
  const key = `${cluster.issuer.replace(/^https:\/\//, "")}:sub`.toLowerCase();
  const lets = statementsOf([trust]).find(({ actions, conditions, principals }) => {
    if (!actions.some((action) => globWithin("sts:assumerolewithwebidentity", action))) return false;
    if (!principals.some((principal) => principal.startsWith("Federated:") || principal === "*")) return false;
    const equal = conditions.StringEquals?.[key];
    const like = conditions.StringLike?.[key];
    return (
      (equal === undefined || equal.includes(subject)) &&
      (like === undefined || like.some((pattern) => globWithin(subject, pattern)))
    );
  });
  return lets && `sts:AssumeRoleWithWebIdentity ${arn} as ${subject}`;
}
