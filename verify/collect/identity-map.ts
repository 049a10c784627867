/** Whom EKS lets in by a ConfigMap of the cluster, beside or in place of access entries (docs: "aws-auth ConfigMap"). */
import type { KubernetesObject, V1ConfigMap } from "@kubernetes/client-node";
import { parse } from "yaml";
import { z } from "zod";
import type { Fact } from "../facts.ts";
import type { IdentityMapFact } from "../facts-account.ts";

/** Without any they are an empty text: what is read as text alone has no null. */
const groups = z
  .array(z.string())
  .or(z.literal("").transform(() => []))
  .default([]);
const role = z.union([
  z.looseObject({ rolearn: z.string(), groups }),
  z.looseObject({ ssorole: z.looseObject({ accountID: z.string(), permissionSetName: z.string() }), groups }),
]);
const listsSchema = {
  mapRoles: z.array(role).nullable(),
  mapUsers: z.array(z.looseObject({ userarn: z.string(), groups })).nullable(),
  mapAccounts: z.array(z.string()).nullable(),
};

/** Whom it maps; unread where it is not in the form that EKS takes, since what that means is for EKS to say. */
export function identityMapOf(configMaps: Fact<KubernetesObject[]>): Fact<IdentityMapFact> {
  if (!configMaps.read) return configMaps;
  const { value, request } = configMaps;
  const found = value.find(({ metadata }) => metadata?.namespace === "kube-system" && metadata.name === "aws-auth");
  const { data = {} } = (found ?? {}) as V1ConfigMap;
  try {
    const roles = listsSchema.mapRoles.parse(yamlOf(data.mapRoles)) ?? [];
    const users = listsSchema.mapUsers.parse(yamlOf(data.mapUsers)) ?? [];
    const accounts = listsSchema.mapAccounts.parse(yamlOf(data.mapAccounts)) ?? [];
    return {
      read: true,
      request,
      value: {
        identities: [
          ...roles.map((entry) => ({ principalArn: roleArnOf(entry), groups: entry.groups })),
          ...users.map(({ userarn, groups: given }) => ({ principalArn: userarn, groups: given })),
          ...accounts.map((account) => ({ principalArn: `arn:aws:iam::${account}:root`, groups: [] })),
        ],
      },
    };
  } catch {
    return { read: false, reason: "ConfigMap kube-system/aws-auth is not in the form that EKS documents", request };
  }
}

/** Account numbers may begin with zeros, which a YAML number has not. */
function yamlOf(text: string | undefined): unknown {
  return parse(text ?? "", { schema: "failsafe" });
}

function roleArnOf(entry: z.infer<typeof role>): string {
  if ("rolearn" in entry && typeof entry.rolearn === "string") return entry.rolearn;
  const { accountID, permissionSetName } = entry.ssorole as { accountID: string; permissionSetName: string };
  return `arn:aws:iam::${accountID}:role/AWSReservedSSO_${permissionSetName}_*`;
}
