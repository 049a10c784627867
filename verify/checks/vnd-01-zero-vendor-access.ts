import { defineCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { clusterEntries } from "../reason/cluster-entries.ts";
import { type PlaneFacts, planeFactNames, planeStores, planeWorld, stranger } from "../reason/iam/plane-world.ts";
import { reachOf, tell } from "../reason/iam/reach.ts";
import { grants, type PolicyDocument, type Statement } from "../reason/iam-policy.ts";
import type { Target } from "../target.ts";
import { isOwn, namedBy } from "./iam-06-no-foreign-principals.ts";
import { judgeBindings } from "./rbac-03-no-vendor-subjects.ts";

type Seen = PlaneFacts & Pick<Facts, "network" | "clusterRoleBindings" | "roleBindings">;

/** Everywhere that somebody can be named, and then a search for ways that names do not show. */
export const vendorHasNoWayIn = defineCheck({
  id: "VND-01",
  title: "Self-managed: nobody of another account is named anywhere, and none has a way to data or to a platform role",
  severity: "critical",
  claims: ["model-sm-zero-vendor-access"],
  documented: ["C07"],
  fix: "Remove the foreign principal, entry, grant or network; a self-managed plane knows no vendor.",
  needs: [...planeFactNames, "network", "clusterRoleBindings", "roleBindings"],
  notApplicable: ({ model }) =>
    model === "byoc" ? "BYOC: the vendor's management role and private link are there by design" : undefined,
  evaluate(facts, target) {
    const named = [
      ...policiesOf(facts).map(([subject, policy]) => judgePolicy(subject, policy, target)),
      ...facts.keys.flatMap(({ arn, grants: given }) =>
        given
          .filter(({ grantee }) => isForeign(grantee, target))
          .map(({ grantee, operations }) => fail(arn, `a grant lets ${grantee} ${operations.join(", ")}`)),
      ),
      ...clusterEntries(facts).map(({ principalArn, by }) =>
        isForeign(principalArn, target)
          ? fail(facts.cluster.arn, `lets ${principalArn} in, by ${by}`)
          : pass(`${by} ${principalArn}`, "own account"),
      ),
      ...judgeBindings(facts),
      ...judgeNetwork(facts, target),
    ];
    // The search is long, and for what names do not show.
    return named.some(({ ok }) => !ok) ? named : [...named, ...judgeWays(facts, target)];
  },
  sabotages: [
    {
      name: "a key's policy lets the vendor decrypt",
      apply({ keys }) {
        keys.at(-1)?.policy.statements.push(allow("AWS:arn:aws:iam::999999999999:role/support", "kms:decrypt"));
      },
    },
    {
      name: "the last repository's policy lets everybody but one role ask for its tags",
      apply({ repositories }, { account }) {
        const last = repositories.at(-1);
        if (!last) return false;
        const but = { principals: [], notPrincipals: [`AWS:arn:aws:iam::${account}:role/blocked`] };
        const statement = { ...allow("", "ecr:listtagsforresource"), ...but };
        last.policy = { version: "2012-10-17", statements: [...(last.policy?.statements ?? []), statement] };
        return undefined;
      },
    },
    {
      name: "a key that anybody uses through a service no longer asks whose account it is",
      apply({ keys }) {
        for (const { policy } of keys)
          for (const { conditions } of policy.statements) delete conditions.StringEquals?.["kms:calleraccount"];
      },
    },
    {
      name: "a key's grant does",
      apply({ keys }) {
        keys.at(0)?.grants.push({ grantee: "arn:aws:iam::999999999999:root", operations: ["Decrypt"] });
      },
    },
    {
      name: "the last access entry is the vendor's",
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
      name: "the ConfigMap aws-auth lets the vendor's account in",
      apply({ cluster, identityMap }) {
        cluster.authenticationMode = "API_AND_CONFIG_MAP";
        identityMap.identities.push({ principalArn: "arn:aws:iam::999999999999:root", groups: [] });
      },
    },
    {
      name: "a support group is bound in the cluster",
      apply(facts) {
        facts.clusterRoleBindings.push({
          metadata: { name: "support" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
          subjects: [{ kind: "Group", name: "vendor-support" }],
        });
      },
    },
    {
      name: "the network is peered with another account's",
      apply({ network }, target) {
        network.peerings.push({ id: "pcx-1", owners: [target.account, "999999999999"], state: "active" });
      },
    },
    {
      name: "an endpoint service lets another account connect",
      apply({ network }) {
        network.endpointServices.push({
          id: "vpce-svc-1",
          state: "Available",
          acceptanceRequired: true,
          balancers: [],
          principals: ["arn:aws:iam::999999999999:role/region"],
          connections: [],
        });
      },
    },
    {
      name: "a role that the platform does not know trusts everybody, and may rewrite the admin role",
      apply({ principals }, target) {
        const name = (what: string) => `arn:aws:iam::${target.account}:role/${what}`;
        principals.entities = [
          ...principals.entities,
          {
            arn: name("ci"),
            kind: "role",
            trust: { version: "2012-10-17", statements: [allow("*", "sts:assumerole")] },
            inline: [
              {
                document: {
                  version: "2012-10-17",
                  statements: [
                    {
                      ...allow("", "iam:updateassumerolepolicy"),
                      principals: [],
                      resources: [name(target.roles.admin)],
                    },
                  ],
                },
              },
            ],
            attached: [],
          },
        ];
      },
    },
  ],
});

function policiesOf({ iam, buckets, repositories, keys, stores }: Seen): [string, PolicyDocument | undefined][] {
  return [
    ...iam.roles.map(({ arn, trust }): [string, PolicyDocument] => [arn, trust]),
    ...buckets.map(({ name, policy }): [string, PolicyDocument | undefined] => [`bucket ${name}`, policy]),
    ...[...repositories, ...keys, ...stores.secrets].map(({ arn, policy }): [string, PolicyDocument | undefined] => [
      arn,
      policy,
    ]),
  ];
}

function judgePolicy(subject: string, policy: PolicyDocument | undefined, { account }: Target): Finding {
  const named = grants(policy ? [policy] : []).filter((statement) => !isHeldTo(account, statement));
  const foreign = named.flatMap(namedBy).find((principal) => !isOwn(principal, account));
  return foreign === undefined
    ? pass(subject, "names own account and services only")
    : fail(subject, `lets ${foreign} in`);
}

/** Whoever is named, the caller must be of the account: so do keys that are used through a service. */
function isHeldTo(account: string, { conditions }: Statement): boolean {
  const held = ["kms:calleraccount", "aws:principalaccount"].map((key) => conditions.StringEquals?.[key] ?? []);
  return held.some((values) => values.length > 0 && values.every((value) => value === account));
}

function isForeign(principal: string, { account }: Target): boolean {
  const owner = /^arn:aws[\w-]*:(?:iam|sts)::(\d{12}):/.exec(principal)?.[1];
  return owner !== undefined && owner !== account;
}

/** Between networks; what the network dials itself is another check's matter. */
function judgeNetwork({ network }: Seen, target: Target): Finding[] {
  const { vpcId, peerings, transits, endpointServices } = network;
  const foreign = [
    ...peerings
      .filter(({ state, owners }) => !isGone(state) && owners.some((owner) => owner !== target.account))
      .map(({ id, owners }) => fail(`peering ${id}`, `joins the networks of ${owners.join(" and ")}`)),
    ...transits
      .filter(({ state, gatewayOwner }) => !isGone(state) && gatewayOwner !== target.account)
      .map(({ id, gatewayOwner }) => fail(`attachment ${id}`, `to a transit gateway of ${gatewayOwner}`)),
    ...endpointServices.flatMap(({ id, principals, connections }) => [
      ...principals
        .filter((principal) => principal === "*" || isForeign(principal, target))
        .map((principal) => fail(`endpoint service ${id}`, `offered to ${principal}`)),
      ...connections
        .filter(({ owner, state }) => !isGone(state) && owner !== target.account)
        .map(({ endpoint, owner }) => fail(`endpoint service ${id}`, `${endpoint} of ${owner} is connected`)),
    ]),
  ];
  return foreign.length > 0 ? foreign : [pass(`network ${vpcId}`, "joined with no other account's")];
}

const isGone = (state: string) => /^(deleted|deleting|expired|failed|rejected)$/i.test(state);

function judgeWays(facts: Seen, target: Target): Finding[] {
  const world = planeWorld(facts, [stranger]);
  const roles = facts.iam.roles
    .filter(({ name }) => name === target.roles.admin || name === target.roles.user)
    .map(({ arn }) => ({ name: `become ${arn}`, resource: arn, actions: ["sts:AssumeRole"], context: {} }));
  const ask = reachOf(world, stranger.arn);
  return [...roles, ...planeStores(target)].flatMap(({ name, resource, actions, context }) =>
    actions.map((action) => {
      const found = ask({ action, resource, context });
      const subject = `anybody of another account → ${name} (${action})`;
      return found.reached === "no" ? pass(subject, tell(found)) : fail(subject, tell(found));
    }),
  );
}

function allow(principal: string, action: string) {
  return {
    effect: "Allow" as const,
    actions: [action],
    notActions: [],
    resources: ["*"],
    notResources: [],
    principals: [principal],
    conditions: {},
  };
}
