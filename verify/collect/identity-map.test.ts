import type { V1ConfigMap } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { identityMapOf } from "./identity-map.ts";

const request = "list v1 ConfigMap, all namespaces, 1 pages";

function mapped(data: Record<string, string>, metadata = { namespace: "kube-system", name: "aws-auth" }) {
  const configMap: V1ConfigMap = { metadata, data };
  return identityMapOf({ read: true, value: [configMap], request });
}

const mapRoles = `
- rolearn: arn:aws:iam::222222222222:role/node
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:bootstrappers, system:nodes]
- ssorole: {accountID: "012345678901", permissionSetName: Support}
  groups:
`;

describe("the ConfigMap aws-auth", () => {
  it("tells roles, users and whole accounts", () => {
    const mapUsers = '[{"userarn": "arn:aws:iam::999999999999:user/support", "groups": ["viewers"]}]';
    expect(mapped({ mapRoles, mapUsers, mapAccounts: "- 012345678901" })).toEqual({
      read: true,
      request,
      value: {
        identities: [
          { principalArn: "arn:aws:iam::222222222222:role/node", groups: ["system:bootstrappers", "system:nodes"] },
          { principalArn: "arn:aws:iam::012345678901:role/AWSReservedSSO_Support_*", groups: [] },
          { principalArn: "arn:aws:iam::999999999999:user/support", groups: ["viewers"] },
          { principalArn: "arn:aws:iam::012345678901:root", groups: [] },
        ],
      },
    });
  });

  it("is that name in kube-system alone", () => {
    for (const metadata of [
      { namespace: "default", name: "aws-auth" },
      { namespace: "kube-system", name: "other" },
    ]) {
      expect(mapped({ mapRoles }, metadata)).toMatchObject({ read: true, value: { identities: [] } });
    }
  });

  it.each([
    ["no YAML", "- {"],
    ["no list", "rolearn: arn:aws:iam::222222222222:role/x"],
    ["an entry that names no role", "- username: x"],
    ["groups that are no list", "- {rolearn: x, groups: {a: b}}"],
  ])("is not read where mapRoles is %s", (_what, text) => {
    expect(mapped({ mapRoles: text })).toEqual({
      read: false,
      reason: "ConfigMap kube-system/aws-auth is not in the form that EKS documents",
      request,
    });
  });

  it("is not read where ConfigMaps are not", () => {
    const refused = { read: false as const, reason: "forbidden", request };
    expect(identityMapOf(refused)).toEqual(refused);
  });
});
