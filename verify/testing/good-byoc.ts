/** The same small plane, operated by its vendor: its role, group, and private link, as the stacks make them. */
import { renderBoundary } from "../../components/management/boundary.ts";
import { renderManagementPolicy } from "../../components/management/levels.ts";
import { renderManagementTrust } from "../../components/management/trust.ts";
import type { Facts, IamRole } from "../facts.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import { type Target, targetSchema } from "../target.ts";
import { account, roleArn } from "./good-cluster.ts";
import { letManage } from "./good-management.ts";
import { goodFacts, goodTarget } from "./good-plane.ts";

const level = "no-delete";
const group = "biplane:managers";
const managementArn = roleArn("acme-local-management");
const vendor = "arn:aws:iam::111111111111:role/biplane-management";
const boundaryArn = `arn:aws:iam::${account}:policy/acme-local-management-boundary`;

export const goodByocTarget: Target = targetSchema.parse({
  ...goodTarget,
  model: "byoc",
  // One good plane serves apps and keeps measures, for what looks at these.
  servesApps: true,
  keepsMeasures: true,
  management: { roleArn: managementArn, level, endpointService: "com.amazonaws.vpce.us-east-2.vpce-svc-1" },
});

export function goodByocFacts(): Facts {
  const facts = goodFacts(goodByocTarget);
  const { role, boundary } = managementRole();
  letManage(facts, { group, level }, goodByocTarget);
  return {
    ...facts,
    iam: { ...facts.iam, roles: [...facts.iam.roles, role] },
    principals: {
      ...facts.principals,
      entities: [
        ...facts.principals.entities,
        { arn: role.arn, kind: "role", trust: role.trust, inline: role.inline, attached: [], boundary },
      ],
      policies: [...(facts.principals.policies ?? []), boundary],
    },
    clusterAccess: {
      ...facts.clusterAccess,
      entries: [
        ...facts.clusterAccess.entries,
        { principalArn: managementArn, type: "STANDARD", groups: [group], policies: [] },
      ],
    },
    network: {
      ...facts.network,
      endpointServices: [
        {
          id: "vpce-svc-1",
          state: "Available",
          acceptanceRequired: true,
          balancers: [{ arn: "arn:aws:elasticloadbalancing:us-east-2:222222222222:net/1", scheme: "internal" }],
          principals: ["arn:aws:iam::111111111111:role/region"],
          connections: [{ endpoint: "vpce-1", owner: "111111111111", state: "available" }],
        },
      ],
    },
  };
}

/** Rendered by the components themselves, so that the good plane cannot be better than the real one. */
function managementRole() {
  const scope = {
    account,
    region: goodTarget.region,
    cluster: goodTarget.clusterName,
    buckets: goodTarget.buckets,
    repository: goodTarget.repository,
    nodeRoleName: "node",
  };
  const parsed = (document: object) => parsePolicy(JSON.stringify(document));
  const trust = parsed(renderManagementTrust({ principals: [vendor], externalId: "0123456789abcdef" }));
  const policy = parsed(renderManagementPolicy(level, scope, boundaryArn));
  const role: IamRole = {
    name: "acme-local-management",
    arn: managementArn,
    trust,
    inline: [{ name: "acme-local-management", document: policy }],
    attached: [],
  };
  return { role, boundary: { arn: boundaryArn, document: parsed(renderBoundary(level, scope, boundaryArn)) } };
}
