/** Whose a resource is. */
import { objectOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

/** Types whose cost or content somebody must answer for; small parts of them go with the whole. */
const types = [
  "aws:ec2/vpc:Vpc",
  "aws:eks/cluster:Cluster",
  "aws:rds/instance:Instance",
  "aws:s3/bucket:Bucket",
  "aws:kms/key:Key",
  "aws:iam/role:Role",
  "aws:ecr/repository:Repository",
  "aws:lb/loadBalancer:LoadBalancer",
] as const;

const owner = ["biplane:managed-by", "biplane:plane", "biplane:cluster"];

export const ownerIsTagged: Rule = {
  name: "owner-is-tagged",
  controls: ["cp-infrastructure-as-code", "tenant-separate-iam-boundaries"],
  says: "What costs or holds something carries its owner's tags.",
  types: [...types],
  judge: ({ tags }) =>
    owner.filter((key) => objectOf(tags)[key] === undefined).map((key) => `the tag ${key} is missing`),
};
