import { defineCheck } from "../check.ts";
import { type Facts, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { betweenNodes, isOf, strangerSabotages } from "./between-nodes.ts";
import { instanceOf } from "./cls-05-no-shared-compute.ts";

const machines = "aws:///";

/**
 * EC2 encrypts between instances of one network by their type, and has no switch for it. An instance of another account is
 * not described: its type is not known, and nothing speaks for it.
 */
export const networkEncryptsBetweenNodes = defineCheck({
  ...betweenNodes,
  id: "TLS-07",
  title: "Where apps are served every node is an EC2 instance of a type that encrypts in transit between instances",
  fix: "Give node groups types whose network encrypts, as `aws ec2 describe-instance-types --filters Name=network-info.encryption-in-transit-supported,Values=true` lists them.",
  needs: ["nodes", "instances"],
  evaluate({ nodes, instances }): Finding[] {
    if (!nodes.some((node) => isOf(node, machines))) return [];
    const known = new Map(instances.map((instance) => [instance.id, instance]));
    return nodes.map((node): Finding => {
      const subject = subjectOf("Node", node);
      const id = instanceOf(node);
      if (id === undefined) return fail(subject, `is no instance of EC2: ${node.spec?.providerID ?? "no providerID"}`);
      const own = known.get(id);
      if (!own) return fail(subject, `${id} is none of the account's, and nothing tells its type`);
      return own.encryptsInTransit
        ? pass(subject, `${id}, ${own.type}: its network encrypts between instances`)
        : fail(subject, `${id}, ${own.type}: the network of that type does not encrypt`);
    });
  },
  sabotages: [
    { name: "the first node is of a type that does not encrypt", apply: (facts) => retype(facts, 0) },
    { name: "the last node is of a type that does not encrypt", apply: (facts) => retype(facts, -1) },
    {
      name: "no node is of a type that encrypts",
      apply({ instances }) {
        for (const instance of instances) instance.encryptsInTransit = false;
      },
    },
    {
      name: "the account does not have the first node's instance",
      apply: (facts) => lose(facts, 0),
    },
    {
      name: "the account does not have the last node's instance",
      apply: (facts) => lose(facts, -1),
    },
    {
      name: "the last node is a pod's own machine, on Fargate",
      apply({ nodes }) {
        const last = nodes.at(-1);
        if (last?.spec)
          last.spec.providerID = "aws:///us-east-2a/0123456789-abcdef/fargate-ip-10-40-0-7.us-east-2.compute.internal";
      },
    },
    ...strangerSabotages,
  ],
});

type Seen = Pick<Facts, "nodes" | "instances">;

function retype({ nodes, instances }: Seen, at: number): undefined | false {
  const id = idAt(nodes, at);
  const own = instances.find((instance) => instance.id === id);
  if (!own) return false;
  Object.assign(own, { type: "m5.xlarge", encryptsInTransit: false });
  return undefined;
}

function lose(facts: Seen, at: number): undefined {
  const id = idAt(facts.nodes, at);
  facts.instances = facts.instances.filter((instance) => instance.id !== id);
}

function idAt(nodes: Seen["nodes"], at: number): string | undefined {
  const node = nodes.at(at);
  return node && instanceOf(node);
}
