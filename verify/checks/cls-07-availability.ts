import { defineAwsJointCheck } from "../check.ts";
import type { RegionFacts } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { planeFactNames, planeWorld } from "../reason/iam/plane-world.ts";
import { simulate } from "../reason/iam/simulate.ts";
import { type PlaneTarget, registeredName, type Target } from "../target.ts";

/** What keeping a cluster available takes, and what each is done on. */
const duties: { what: string; action: string; on: "cluster" | "nodegroup" | "addon" | "scaling" | "everything" }[] = [
  { what: "watch the cluster", action: "eks:DescribeCluster", on: "cluster" },
  { what: "watch its nodes", action: "eks:DescribeNodegroup", on: "nodegroup" },
  { what: "watch its alarms", action: "cloudwatch:DescribeAlarms", on: "everything" },
  { what: "watch its measures", action: "cloudwatch:GetMetricData", on: "everything" },
  { what: "upgrade the cluster", action: "eks:UpdateClusterVersion", on: "cluster" },
  { what: "patch its nodes", action: "eks:UpdateNodegroupVersion", on: "nodegroup" },
  { what: "upgrade its add-ons", action: "eks:UpdateAddon", on: "addon" },
  { what: "give it more nodes", action: "autoscaling:SetDesiredCapacity", on: "scaling" },
  { what: "replace its nodes", action: "autoscaling:StartInstanceRefresh", on: "scaling" },
];
/** Three heartbeats. */
const longestSeconds = 30;

/** Of what `judgeHeard` looks at, in whichever cloud. */
export const heardSabotages: readonly { name: string; apply(facts: Pick<RegionFacts, "regionClusters">): undefined }[] =
  [
    {
      name: "nobody has heard of the plane for a minute",
      apply({ regionClusters }) {
        for (const cluster of regionClusters) cluster.heardSecondsAgo = 60;
      },
    },
    {
      name: "the region does not know the plane",
      apply(facts) {
        facts.regionClusters = facts.regionClusters.map((one) => ({ ...one, cluster: `${one.cluster}-other` }));
      },
    },
  ];

export const vendorKeepsItAvailable = defineAwsJointCheck({
  id: "CLS-07",
  title:
    "BYOC: the vendor keeps the cluster available: its region hears of the plane, its role may watch and upgrade it",
  severity: "high",
  claims: ["resp-dp-availability-byoc"],
  documented: [],
  fix: "Set the management level of the customer's base stack to no-delete or full, and bring the stack up again.",
  needs: [...planeFactNames, "regionClusters"],
  notApplicable: ({ customer }) =>
    customer.model === "self-managed"
      ? "self-managed: the customer keeps the cluster available, and the vendor has no way in, as VND-01 decides"
      : undefined,
  evaluate(facts, { customer }) {
    const role = customer.management?.roleArn;
    if (role === undefined) return [fail("management", "the target names no management role")];
    const world = planeWorld(facts, []);
    if (!world.entities.some(({ arn }) => arn === role)) return [fail(role, "does not exist")];
    return [
      judgeHeard(facts, customer),
      ...duties.map(({ what, action, on }) => {
        const answer = simulate(world, role, { action, ...placeOf(on, customer) });
        const subject = `${role} → ${action}`;
        return answer === "allowed" ? pass(subject, what) : fail(subject, `${answer}: it cannot ${what}`);
      }),
    ];
  },
  sabotages: [
    {
      name: "the role only looks",
      apply: ({ principals }, { customer }) => {
        const looks = (actions: readonly string[]) => actions.every((action) => /:(describe|list|get)/.test(action));
        principals.entities = principals.entities.map((entity) => {
          if (entity.arn !== customer.management?.roleArn) return entity;
          const inline = entity.inline.map(({ document }) => ({
            document: { ...document, statements: document.statements.filter(({ actions }) => looks(actions)) },
          }));
          return { ...entity, inline };
        });
      },
    },
    {
      name: "its boundary keeps it from the nodes' version",
      apply: ({ principals }, { customer }) => {
        principals.entities = principals.entities.map((entity) => {
          if (entity.arn !== customer.management?.roleArn || !entity.boundary) return entity;
          const { arn, document } = entity.boundary;
          const denials = deny(["eks:updatenodegroupversion"]).statements;
          return {
            ...entity,
            boundary: { arn, document: { ...document, statements: [...document.statements, ...denials] } },
          };
        });
      },
    },
    {
      name: "a policy that was attached later denies every upgrade",
      apply: ({ principals }, { customer }) => {
        principals.entities = principals.entities.map((entity) =>
          entity.arn === customer.management?.roleArn
            ? { ...entity, attached: [...entity.attached, { document: deny(["eks:update*"]) }] }
            : entity,
        );
      },
    },
    {
      name: "the role is gone",
      apply: ({ principals }, { customer }) => {
        principals.entities = principals.entities.filter(({ arn }) => arn !== customer.management?.roleArn);
      },
    },
    ...heardSabotages,
  ],
});

/** By the region, which the plane's tunnel tells every ten seconds that it is there. */
export function judgeHeard(
  facts: { regionClusters: { cluster: string; heardSecondsAgo?: number }[] },
  target: PlaneTarget,
): Finding {
  const name = registeredName(target);
  const heard = facts.regionClusters.find(({ cluster }) => cluster === name)?.heardSecondsAgo;
  const subject = `cluster ${name}`;
  if (heard === undefined) return fail(subject, "its region has never heard of it");
  return heard > longestSeconds
    ? fail(subject, `its region has not heard of it for ${heard} s`)
    : pass(subject, `its region heard of it ${heard} s ago`);
}

function placeOf(on: (typeof duties)[number]["on"], { region, account, clusterName }: Target) {
  const eks = `arn:aws:eks:${region}:${account}`;
  const group = `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:0:autoScalingGroupName/eks-default`;
  const places = {
    cluster: { resource: `${eks}:cluster/${clusterName}` },
    nodegroup: { resource: `${eks}:nodegroup/${clusterName}/default/0` },
    addon: { resource: `${eks}:addon/${clusterName}/vpc-cni/0` },
    // As EKS tags the groups of its nodes.
    scaling: { resource: group, context: { "aws:resourcetag/eks:cluster-name": [clusterName] } },
    everything: { resource: "*" },
  };
  return places[on];
}

function deny(actions: string[]) {
  const all = { notActions: [], resources: ["*"], notResources: [], principals: [], conditions: {} };
  return { version: "2012-10-17", statements: [{ effect: "Deny" as const, actions, ...all }] };
}
