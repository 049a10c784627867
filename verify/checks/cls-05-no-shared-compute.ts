import type { V1Node } from "@kubernetes/client-node";
import { defineCheck } from "../check.ts";
import { type Facts, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { ownNamespaces, type PlaneTarget } from "../target.ts";

export const orgLabel = "biplane.dev/org";

/** Id of the instance that a node tells. */
export const instanceOf = ({ spec }: V1Node): string | undefined =>
  /^aws:\/\/\/[a-z0-9-]+\/(i-[0-9a-f]+)$/.exec(spec?.providerID ?? "")?.[1];

/** Of every cloud's nodes. */
export const sharingSabotages = [
  {
    name: "a node of nobody's cloud joins",
    apply({ nodes }: Pick<Facts, "nodes">): undefined {
      nodes.push({ metadata: { name: "laptop" }, spec: {} });
    },
  },
  {
    name: "a namespace of another organisation shares the nodes",
    apply({ namespaces }: Pick<Facts, "namespaces">): undefined {
      namespaces.push({ metadata: { name: "globex-production", labels: { [orgLabel]: "globex" } } });
    },
  },
];

/**
 * A node tells its instance, and only the account that owns an instance is shown it. A cluster of which no node is an
 * instance of a cloud says nothing of accounts: nothing is inspected then.
 */
export const nodesAreTheCustomers = defineCheck({
  id: "CLS-05",
  title: "Every node is an instance of the customer's account, and works for one organisation",
  severity: "critical",
  claims: ["tenant-no-shared-compute"],
  documented: [],
  fix: "Run the cluster's nodes in the customer's account, and other organisations in clusters of their own.",
  needs: ["nodes", "network", "namespaces", "pods"],
  evaluate({ nodes, network, namespaces, pods }, target): Finding[] {
    if (nodes.every(({ spec }) => !spec?.providerID?.startsWith("aws:///"))) return [];
    return [
      ...nodes.map((node): Finding => {
        const subject = subjectOf("Node", node);
        const id = instanceOf(node);
        if (id === undefined)
          return fail(subject, `is no instance of EC2: ${node.spec?.providerID ?? "no providerID"}`);
        const own = network.instanceIds.includes(id);
        return own
          ? pass(subject, `${id} of account ${target.account}`)
          : fail(subject, `${id} is none of the account's`);
      }),
      ...judgeOtherOrganisations({ namespaces, pods }, target),
    ];
  },
  sabotages: [
    {
      name: "the last node is another account's instance",
      apply({ nodes }) {
        const last = nodes.at(-1);
        if (last?.spec) last.spec.providerID = "aws:///us-east-2a/i-0fffffffffffffff";
      },
    },
    ...sharingSabotages,
  ],
});

/** The cluster's own nodes may still be shared, by a namespace of somebody else's. */
export function judgeOtherOrganisations(
  { namespaces, pods }: Pick<Facts, "namespaces" | "pods">,
  target: PlaneTarget,
): Finding[] {
  const podsIn = Map.groupBy(pods, ({ metadata }) => metadata?.namespace);
  return [
    ...namespaces.flatMap(({ metadata }): Finding[] => {
      const org = metadata?.labels?.[orgLabel];
      if (org === undefined || org === target.org) return [];
      return [fail(`Namespace/${metadata?.name}`, `of ${org}`)];
    }),
    ...ownNamespaces(target).map((home): Finding => {
      const count = podsIn.get(home)?.length ?? 0;
      return pass(`Namespace/${home}`, `${count} pods, of ${target.org} only`);
    }),
  ];
}
