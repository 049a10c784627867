/** The same plane on Azure, operated by its vendor: its identity, and its private link, as the stacks make them. */
import { tokenAudience } from "../../components/identity/azure-roles.ts";
import { azureManagementActions } from "../../components/management/azure-levels.ts";
import { clusterId, placeIn } from "../collect/azure/places.ts";
import type { Facts } from "../facts.ts";
import { type AzureTarget, azureTargetSchema, type Targets } from "../target.ts";
import { goodAzureFacts, goodAzureTarget, goodAzureTargets } from "./good-azure.ts";
import { roleOf } from "./good-azure-subscription.ts";
import { letManage } from "./good-management.ts";

const level = "no-delete";
const clientId = "aaaaaaaa-1111-4000-8000-000000000001";
const principalId = "aaaaaaaa-2222-4000-8000-000000000002";
const trust = { issuer: "https://tokens.vendor.test", subject: "operations" };

export const goodAzureByocTarget: AzureTarget = azureTargetSchema.parse({
  ...goodAzureTarget,
  model: "byoc",
  servesApps: true,
  management: { ...{ clientId, principalId, level }, ...trust, connections: ["vendor-api.0e8d9ad2"] },
});

export const goodAzureByocTargets: Targets = { ...goodAzureTargets, azure: goodAzureByocTarget };

export function goodAzureByocFacts(): Facts {
  const facts = goodAzureFacts(goodAzureByocTarget);
  const target = goodAzureByocTarget;
  const name = `${target.clusterName}-management`;
  facts.azureIdentities.push({
    ...{
      id: placeIn(target, "cluster", "Microsoft.ManagedIdentity/userAssignedIdentities", name),
      clientId,
      principalId,
    },
    credentials: [{ name: "vendor", ...trust, audiences: [tokenAudience] }],
  });
  const roleId = roleOf(target, "custom-management");
  facts.azureRoles.push({
    id: roleId,
    permissions: [{ actions: [...azureManagementActions[level]], notActions: [], dataActions: [], notDataActions: [] }],
  });
  const principal = { id: principalId, type: "ServicePrincipal" };
  facts.azureRights.assignments.push({ scope: clusterId(target), roleId, principal });
  facts.azureCluster.connections.push({
    ...{ name: "vendor-api.0e8d9ad2", state: "Approved" },
    endpoint:
      "/subscriptions/44444444-4444-4444-8444-444444444444/resourceGroups/management/providers/Microsoft.Network/privateEndpoints/acme",
  });
  letManage(facts, { user: principalId, level }, target);
  return facts;
}
