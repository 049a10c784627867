/** The account of a plane on which every check passes, beside its IAM and its buckets. */
import type { Facts } from "../facts.ts";
import { worldOf } from "../reason/iam/account-details.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import { account, roleArn } from "./good-cluster.ts";

export const keyArn = `arn:aws:kms:us-east-2:${account}:key/secrets`;
const operator = roleArn("operator");

const ownAccount = {
  Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "sts:AssumeRole" }],
};

type AccountFacts = Pick<
  Facts,
  "roleCreations" | "clusterAccess" | "identityMap" | "network" | "instances" | "keys" | "stores"
>;

export function goodAccount(): AccountFacts {
  return {
    roleCreations: ["adminflyterole", "userflyterole"].map((name) => madeByOperator(name)),
    clusterAccess: {
      entries: [
        {
          principalArn: operator,
          type: "STANDARD",
          groups: [],
          policies: [
            {
              arn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
              scope: "cluster",
              namespaces: [],
            },
          ],
        },
        { principalArn: roleArn("node"), type: "EC2_LINUX", groups: ["system:nodes"], policies: [] },
      ],
      podIdentities: [],
    },
    identityMap: { identities: [] },
    network: {
      vpcId: "vpc-1",
      cidrs: ["10.40.0.0/16"],
      securityGroups: [
        {
          id: "sg-cluster",
          name: "eks-cluster-sg-acme-local",
          ingress: [{ protocol: "-1", ports: "all", sources: [`${account}/sg-cluster`] }],
        },
        {
          id: "sg-endpoints",
          name: "endpoints",
          ingress: [{ protocol: "tcp", ports: "443", sources: ["10.40.0.0/16"] }],
        },
      ],
      clusterGroupIds: ["sg-cluster"],
      openings: [],
      instanceIds: ["i-0a", "i-0b"],
      peerings: [],
      transits: [],
      vpns: [],
      endpoints: [{ id: "vpce-1", service: "com.amazonaws.us-east-2.s3", state: "available" }],
      endpointServices: [],
    },
    instances: [
      { id: "i-0a", type: "m7i.xlarge", encryptsInTransit: true },
      { id: "i-0b", type: "m6i.xlarge", encryptsInTransit: true },
    ],
    keys: [keyArn].map((arn) => ({
      arn,
      manager: "CUSTOMER",
      enabled: true,
      spec: "SYMMETRIC_DEFAULT",
      policy: parsePolicy(
        JSON.stringify({
          Statement: [
            { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" },
            {
              Effect: "Allow",
              Principal: { AWS: "*" },
              Action: "kms:Decrypt",
              Resource: "*",
              Condition: { StringEquals: { "kms:CallerAccount": account } },
            },
          ],
        }),
      ),
      grants: [],
    })),
    stores: {
      secrets: [],
      logGroups: [
        {
          name: "/aws/eks/acme-local/cluster",
          arn: `arn:aws:logs:us-east-2:${account}:log-group:/aws/eks/acme-local/cluster:*`,
          keyId: keyArn,
          destinations: [],
        },
      ],
      imageCopies: [],
      ownBuckets: ["acme-fast-reg", "acme-metadata"],
    },
  };
}

function madeByOperator(name: string): Facts["roleCreations"][number] {
  const [id, madeAt] = [`AROA${name.toUpperCase()}`, "2026-01-01T00:00:00.000Z"];
  const trust = parsePolicy(JSON.stringify({ Version: "2012-10-17", ...ownAccount }));
  const by = { type: "AssumedRole", account, arn: operator, trust };
  return {
    ...{ name, arn: roleArn(name), id, madeAt },
    calls: [{ eventId: `made-${name}`, at: madeAt, roleId: id, by }],
  };
}

/** The roles of `iam` as the search sees them, and what else holds rights. */
export function goodPrincipals({ roles }: Facts["iam"]): Facts["principals"] {
  const trustOf = (service: string) => ({
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });
  const plain = (name: string, trust: object) => ({
    Arn: roleArn(name),
    AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", ...trust }),
  });
  const world = worldOf(account, {
    RoleDetailList: [plain("operator", ownAccount), plain("node", trustOf("ec2.amazonaws.com"))],
  });
  const own = roles.map(({ arn, trust, inline, attached }) => ({
    arn,
    kind: "role" as const,
    trust,
    inline,
    attached,
  }));
  return { ...world, entities: [...own, ...world.entities] };
}
