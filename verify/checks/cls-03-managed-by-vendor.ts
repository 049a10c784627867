import { homesOf, rightsByPlace } from "../../components/admission/management.ts";
import { defineCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { type ClusterEntry, clusterEntries } from "../reason/cluster-entries.ts";
import { planeFactNames, planeStores, planeWorld, stranger } from "../reason/iam/plane-world.ts";
import { reachOf, tell } from "../reason/iam/reach.ts";
import { grants } from "../reason/iam-policy.ts";
import { expand, grantsToNamed, type RbacFacts, textOf } from "../reason/rbac/grants.ts";
import type { Target } from "../target.ts";

type Management = NonNullable<Target["management"]>;

/** The identity is there, it manages the cluster as far as its level says, and leads nowhere else. */
export const vendorManagesCluster = defineCheck({
  id: "CLS-03",
  title:
    "BYOC: the vendor manages the cluster by one named role and group, with the rights of its level and no way to data",
  severity: "critical",
  claims: ["human-byoc-k8s-management"],
  documented: [],
  fix: "Make role, entry and rights by the customer's two stacks, and remove every other.",
  needs: [...planeFactNames, "roles", "clusterRoles", "roleBindings", "clusterRoleBindings"],
  notApplicable: ({ model }) =>
    model === "self-managed" ? "self-managed: no identity of the vendor's exists, as VND-01 decides" : undefined,
  evaluate(facts, target) {
    const { management } = target;
    if (!management) return [fail("management", "the target names no management role")];
    const role = facts.iam.roles.find(({ arn }) => arn === management.roleArn);
    if (!role) return [fail(management.roleArn, "does not exist")];
    const vendors = grants([role.trust]).flatMap(({ principals }) => principals);
    const named = [
      ...judgeTrust(role.trust, management.roleArn),
      ...judgeEntries(clusterEntries(facts), management, target),
      judgeRights({ kind: "Group", name: management.group }, management.level, facts, target),
    ];
    // The search is long, and for what names do not show.
    return named.some(({ ok }) => !ok) ? named : [...named, ...judgeWays(facts, target, vendors)];
  },
  sabotages: [
    {
      name: "the role's entry is gone",
      apply({ clusterAccess }, { management }) {
        clusterAccess.entries = clusterAccess.entries.filter(
          ({ principalArn }) => principalArn !== management?.roleArn,
        );
      },
    },
    {
      name: "the entry brings a policy of EKS's too",
      apply({ clusterAccess }, { management }) {
        const entry = clusterAccess.entries.find(({ principalArn }) => principalArn === management?.roleArn);
        const arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
        entry?.policies.push({ arn, scope: "cluster", namespaces: [] });
      },
    },
    {
      name: "a principal of the vendor's has an entry of its own",
      apply({ clusterAccess }) {
        clusterAccess.entries.push({
          principalArn: "arn:aws:iam::999999999999:role/support",
          type: "STANDARD",
          groups: ["viewers"],
          policies: [],
        });
      },
    },
    {
      name: "the ConfigMap aws-auth makes the role the cluster's master",
      apply({ cluster, identityMap }, { management }) {
        cluster.authenticationMode = "API_AND_CONFIG_MAP";
        identityMap.identities.push({ principalArn: management?.roleArn ?? "", groups: ["system:masters"] });
      },
    },
    {
      name: "the whole account of the vendor may take the role",
      apply({ iam }, { management }) {
        const role = iam.roles.find(({ arn }) => arn === management?.roleArn);
        role?.trust.statements.at(-1)?.principals.push("AWS:arn:aws:iam::999999999999:root");
      },
    },
    {
      name: "no ExternalId is asked for",
      apply({ iam }, { management }) {
        const role = iam.roles.find(({ arn }) => arn === management?.roleArn);
        for (const statement of role?.trust.statements ?? []) statement.conditions = {};
      },
    },
    {
      name: "the managers may read Secrets in one namespace",
      apply(facts, { management }) {
        facts.clusterRoles.push({
          metadata: { name: "reader" },
          rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }],
        });
        facts.roleBindings.push({
          metadata: { name: "readers", namespace: "kube-system" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "reader" },
          subjects: [{ kind: "Group", name: management?.group ?? "" }],
        });
      },
    },
    {
      name: "the managers' role lacks its last rule",
      apply({ clusterRoles, roles }) {
        for (const role of [...clusterRoles, ...roles]) {
          if (role.metadata?.name === "biplane-managers") role.rules = role.rules?.slice(0, -1);
        }
      },
    },
    {
      name: "the role loses its boundary and may read the buckets",
      apply({ principals }, { management, buckets }) {
        principals.entities = principals.entities.map(({ boundary, ...entity }) =>
          entity.arn === management?.roleArn
            ? { ...entity, inline: [...entity.inline, { document: reading(`arn:aws:s3:::${buckets.metadata}/*`) }] }
            : { ...entity, ...(boundary ? { boundary } : {}) },
        );
      },
    },
  ],
});

function judgeTrust(trust: Facts["iam"]["roles"][number]["trust"], subject: string): Finding[] {
  return grants([trust]).map((statement) => {
    const wide = statement.principals.find((one) => !/^AWS:arn:aws[\w-]*:iam::\d{12}:(role|user)\/[^*]+$/.test(one));
    if (wide) return fail(subject, `trusts ${wide}, which is no single role or user`);
    const externalId = statement.conditions.StringEquals?.["sts:externalid"] ?? [];
    if (externalId.length === 0) return fail(subject, "asks for no ExternalId");
    return pass(subject, `trusts ${statement.principals.join(", ")} with an ExternalId`);
  });
}

function judgeEntries(entries: readonly ClusterEntry[], management: Management, target: Target): Finding[] {
  const own = entries.filter(({ principalArn }) => principalArn === management.roleArn);
  const subject = `access entry ${management.roleArn}`;
  const foreign = entries.filter(({ principalArn }) => principalArn.split(":")[4] !== target.account);
  return [
    ...(own.length > 0 ? own.map(judge) : [fail(subject, "does not exist: the vendor cannot manage the cluster")]),
    ...foreign.map(({ principalArn, by }) => fail(`${by} ${principalArn}`, "is another account's, past the role")),
  ];

  function judge({ policies, groups, by }: ClusterEntry): Finding {
    const entry = `${by} ${management.roleArn}`;
    if (policies.length > 0) return fail(entry, `brings ${policies.map(({ arn }) => arn).join(", ")}`);
    if (groups.join() !== management.group) return fail(entry, `gives the groups ${groups.join(", ")}`);
    return pass(entry, `gives the group ${management.group}, and no policy`);
  }
}

/**
 * All that they hold anywhere, what serves apps included.
 * @param who the vendor's managers, as the cluster knows them
 */
export function judgeRights(
  who: Parameters<typeof grantsToNamed>[0],
  level: Management["level"],
  facts: RbacFacts,
  target: Pick<Target, "namespace" | "servesApps">,
): Finding {
  const wanted = new Set(
    rightsByPlace(level, homesOf(target))
      .flatMap(({ namespace, rules }) => expand(rules, namespace, who.name))
      .map(textOf),
  );
  const held = grantsToNamed(who, facts);
  const beyond = held.find((grant) => !wanted.has(textOf(grant)));
  const subject = `${who.kind.toLowerCase()} ${who.name}`;
  if (beyond) return fail(subject, `may ${textOf(beyond)}, by ${beyond.via}`);
  const missing = [...wanted].find((text) => !held.some((grant) => textOf(grant) === text));
  if (missing !== undefined) return fail(subject, `may not ${missing}`);
  return pass(subject, `${wanted.size} rights, as level ${level} has them`);
}

/** The search starts at each principal that the role trusts, with the ExternalId in its hand, and at the role itself. */
export function judgeWays(facts: Parameters<typeof planeWorld>[0], target: Target, vendors: string[]): Finding[] {
  const guests = vendors.map((name) => ({ ...stranger, arn: name.replace(/^AWS:/, "") }));
  const trust = facts.iam.roles.find(({ arn }) => arn === target.management?.roleArn)?.trust;
  const ids = grants(trust ? [trust] : []).flatMap(
    ({ conditions }) => conditions.StringEquals?.["sts:externalid"] ?? [],
  );
  const world = { ...planeWorld(facts, guests), carries: { "sts:externalid": ids.slice(0, 1) } };
  return guests.flatMap(({ arn }) => {
    const ask = reachOf(world, arn);
    return planeStores(target).flatMap(({ name, resource, actions, context }) =>
      actions.map((action) => {
        const found = ask({ action, resource, context });
        const subject = `${arn} → ${name} (${action})`;
        return found.reached === "no" ? pass(subject, tell(found)) : fail(subject, tell(found));
      }),
    );
  });
}

function reading(resource: string) {
  return {
    version: "2012-10-17",
    statements: [
      {
        effect: "Allow" as const,
        actions: ["s3:getobject"],
        notActions: [],
        resources: [resource],
        notResources: [],
        principals: [],
        conditions: {},
      },
    ],
  };
}
