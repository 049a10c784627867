/** What a small plane's subscription tells, by the words of the kit's own components, so that it cannot be better than a real one. */

import { guidOf } from "../../components/account/azure-names.ts";
import { projectNamespace } from "../../components/compute-plane/project-domain.ts";
import { builtInRoles } from "../../components/identity/azure-grants.ts";
import { customRoles, objectsUnder, tokenAudience } from "../../components/identity/azure-roles.ts";
import { secretNamePrefix } from "../../components/secrets/names.ts";
import { foundIdentity, type PlaneIdentity, planeIdentities, taskIdentities } from "../azure-identities.ts";
import type { AzureFactName } from "../collect/azure/index.ts";
import {
  clusterId,
  containerId,
  identityId,
  placeIn,
  registryId,
  storageId,
  subscriptionOf,
} from "../collect/azure/places.ts";
import { placesOf } from "../documented/classification.ts";
import type { Facts } from "../facts.ts";
import type { AzureAssignment, AzureIdentityFact, AzurePermissions } from "../facts-azure.ts";
import { type AzureTarget, declaredProjects } from "../target.ts";

export const issuer = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/";
export const staff = "99999999-0000-4000-8000-000000000009";

const none: AzurePermissions = { actions: [], notActions: [], dataActions: [], notDataActions: [] };

export function roleOf(target: AzureTarget, name: string): string {
  return `${subscriptionOf(target)}/providers/Microsoft.Authorization/roleDefinitions/${name}`;
}

export function goodAzureSubscription(target: AzureTarget): Pick<Facts, AzureFactName> {
  const { clusterName, region, org, groups, buckets, secretsVault = "", logWorkspace = "", ownPrincipals } = target;
  const nodes = `${clusterName}-nodes`;
  const vault = placeIn(target, "workloads", "Microsoft.KeyVault/vaults", secretsVault);
  const keyVaults = { base: "acme-base-1", data: "acme-data-1" };
  const keyOf = (which: keyof typeof keyVaults, name: string) => {
    const group = which === "base" ? "cluster" : "workloads";
    const id = `${placeIn(target, group, "Microsoft.KeyVault/vaults", keyVaults[which])}/keys/${name}`;
    return { id, url: `https://${keyVaults[which]}.vault.azure.net/keys/${name}` };
  };
  const keys = {
    cluster: keyOf("base", "cluster"),
    disks: keyOf("base", "disks"),
    data: keyOf("data", "data"),
    images: keyOf("data", "images"),
  };
  const workspace = placeIn(target, "workloads", "Microsoft.OperationalInsights/workspaces", `${clusterName}-logs`);
  const network = placeIn(target, "cluster", "Microsoft.Network/virtualNetworks", clusterName);
  const walls = placeIn(target, "cluster", "Microsoft.Network/networkSecurityGroups", clusterName);
  const apiEndpoint = `${subscriptionOf(target)}/resourceGroups/${nodes}/providers/Microsoft.Network/privateEndpoints/kube-apiserver`;
  const containers = [buckets.metadata, buckets.fastRegistration];

  const identityOf = (id: string, credentials: AzureIdentityFact["credentials"] = []): AzureIdentityFact => ({
    ...{ id, clientId: guidOf(id, "client"), principalId: guidOf(id, "principal"), credentials },
  });
  const planeOwn = ({ name, subjects }: PlaneIdentity) =>
    identityOf(
      identityId(target, name),
      subjects.map((subject) => ({ name: subject.replaceAll(":", "-"), issuer, subject, audiences: [tokenAudience] })),
    );
  const inBase = (name: string) => placeIn(target, "cluster", "Microsoft.ManagedIdentity/userAssignedIdentities", name);
  const node = identityOf(inBase(`${clusterName}-node`));
  const control = identityOf(inBase(`${clusterName}-control`));
  const sealer = identityOf(identityId(target, `${clusterName}-data-key`));
  const azureIdentities = [...planeIdentities(target).map(planeOwn), node, control, sealer];

  const roles = new Map<string, AzurePermissions>();
  const roleFor = (name: string, permissions: Partial<AzurePermissions>) => {
    const id = roleOf(target, name);
    roles.set(id, { ...none, ...permissions });
    return id;
  };
  const custom = (name: keyof typeof customRoles) => {
    const { actions, dataActions } = customRoles[name];
    return roleFor(`custom-${name}`, { actions: [...actions], dataActions: [...dataActions] });
  };
  const grant = (principalId: string, roleId: string, scope: string, condition?: string): AzureAssignment => ({
    ...{ scope, roleId, principal: { id: principalId, type: "ServicePrincipal" } },
    ...(condition === undefined ? {} : { condition }),
  });
  const principalOf = (identity: PlaneIdentity) => foundIdentity(azureIdentities, target, identity)?.principalId ?? "";
  const [admin] = planeIdentities(target);
  const adminPrincipal = admin ? principalOf(admin) : "";
  const delegate = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action";
  const pull = "Microsoft.ContainerRegistry/registries/pull/read";
  const wraps = ["wrap", "unwrap"].map((verb) => `Microsoft.KeyVault/vaults/keys/${verb}/action`);
  const sealRole = roleFor(builtInRoles.keyVaultSealer, {
    dataActions: ["Microsoft.KeyVault/vaults/keys/read", ...wraps],
  });
  const assignments = [
    ...containers.map((name) => grant(adminPrincipal, custom("objects"), containerId(target, name))),
    ...taskIdentities(target).flatMap((task) =>
      containers.map((name) =>
        grant(principalOf(task), custom("objects"), containerId(target, name), objectsUnder(task.prefix ?? org)),
      ),
    ),
    grant(adminPrincipal, roleFor(builtInRoles.blobDelegator, { actions: [delegate] }), storageId(target)),
    grant(adminPrincipal, custom("secretKeeper"), vault),
    grant(adminPrincipal, custom("logReader"), workspace),
    grant(node.principalId, roleFor(builtInRoles.acrPull, { actions: [pull] }), registryId(target)),
    grant(sealer.principalId, sealRole, keys.data.id),
    grant(
      control.principalId,
      roleFor(builtInRoles.networkContributor, { actions: ["Microsoft.Network/*"] }),
      `${network}/subnets/nodes`,
    ),
    {
      ...{
        scope: "/providers/Microsoft.Management/managementGroups/acme",
        roleId: roleFor("owner", { actions: ["*"] }),
      },
      principal: { id: ownPrincipals[0] ?? staff, type: "Group" },
    },
  ];
  const agent = placeIn(target, "workloads", "Microsoft.Insights/dataCollectionRules", `${clusterName}-logs`);
  const vaultOf = (id: string, more: object) => ({
    ...{ id, location: region, rbac: true, policiesFor: [], purgeProtected: true, softDeleted: true, secrets: [] },
    ...{ open: true, ...more },
  });
  return {
    azureIdentities,
    azureCreations: planeIdentities(target).map(({ name }) => madeByStaff(identityId(target, name), target)),
    azureRights: { assignments, denials: [], delegations: [] },
    azureRoles: [...roles].map(([id, permissions]) => ({ id, permissions: [permissions] })),
    azureStorage: {
      ...{ id: storageId(target), location: region, key: keys.data.url, sharedKeys: false, publicBlobs: false },
      ...{ httpsOnly: true, minimumTls: "TLS1_2", localUsers: false, acrossTenants: false, replicates: [] },
      ...{ versioned: true, corsOrigins: ["https://union.test"], corsMethods: ["GET", "HEAD"] },
      containers: containers.map((name) => ({ name, publicAccess: "None" })),
    },
    azureObjects: containers.map((container) => ({
      container,
      places: { told: placesOf(target), cut: false },
    })),
    azureVaults: [
      vaultOf(placeIn(target, "cluster", "Microsoft.KeyVault/vaults", keyVaults.base), {}),
      vaultOf(placeIn(target, "workloads", "Microsoft.KeyVault/vaults", keyVaults.data), {}),
      vaultOf(vault, { open: false, secrets: [`${secretNamePrefix(org)}demo-KEY`] }),
    ],
    azureKeys: Object.values(keys).map((key) => ({ ...key, enabled: true, kind: "RSA" })),
    azureRegistry: {
      ...{ id: registryId(target), location: region, administrator: false, anonymousPulls: false },
      ...{ key: keys.images.url, tokens: [], copies: [] },
    },
    azureDefender: {
      plans: [
        { name: "CloudPosture", tier: "Free", deprecated: false, extensions: [] },
        {
          ...{ name: "Containers", tier: "Standard", deprecated: false },
          extensions: ["AgentlessDiscoveryForKubernetes", "ContainerRegistriesVulnerabilityAssessments"],
        },
      ],
    },
    azureCluster: {
      ...{ id: clusterId(target), location: region, nodeGroup: nodes, privateApi: true, publicName: false },
      ...{ authorizedRanges: [], localAccounts: false, entra: true, azureRbac: true, workloadIdentity: true, issuer },
      ...{ secretsKey: `${keys.cluster.url}/1`, disksKey: `${keys.disks.url}/1`, dataplane: "cilium" },
      ...{ networkPolicy: "cilium", nodeEncryption: "WireGuard", outbound: "userAssignedNATGateway" },
      upgrades: { cluster: "patch", nodes: "NodeImage" },
      connections: [{ name: "kube-apiserver", state: "Approved", endpoint: apiEndpoint }],
      pools: ["system", "general"].map((name) => ({
        ...{ name, subnet: `${network}/subnets/nodes`, publicAddresses: false, encryptedAtHost: true },
      })),
      scaleSets: [scaleSet],
    },
    azureNetwork: {
      ...{ id: network, ranges: ["10.40.0.0/18"] },
      subnets: [{ id: `${network}/subnets/nodes`, rules: walls, nat: true, defaultOutbound: false }],
      rules: [
        {
          ...{ name: `${clusterName}/refuse-internet`, priority: 4096, inbound: true, allows: false },
          ...{ ports: "all", sources: ["Internet"] },
        },
      ],
      ...{ peerings: [], gateways: [], openAddresses: [], managers: [], linkServices: [] },
      // By it the nodes reach the API: AKS makes it beside them.
      endpoints: [{ id: apiEndpoint, services: [{ to: clusterId(target), state: "Approved" }] }],
    },
    azureLogs: {
      workspaces: [
        {
          ...{ id: placeIn(target, "cluster", "Microsoft.OperationalInsights/workspaces", clusterName) },
          ...{
            workspace: guidOf(groups.cluster, "workspace"),
            location: region,
            keys: false,
            byResource: false,
            exports: [],
          },
        },
        { id: workspace, workspace: logWorkspace, location: region, keys: false, byResource: false, exports: [] },
      ],
      senders: [
        { name: agent, namespaces: declaredProjects(target).map(projectNamespace), destinations: [workspace] },
        {
          name: `${clusterId(target)}/providers/Microsoft.Insights/diagnosticSettings/control-plane`,
          namespaces: [],
          destinations: [placeIn(target, "cluster", "Microsoft.OperationalInsights/workspaces", clusterName)],
        },
      ],
    },
  };
}

function madeByStaff(id: string, { tenant, ownPrincipals }: AzureTarget): Facts["azureCreations"][number] {
  const at = "2026-01-01T00:00:00.000Z";
  // A person of the group that the target names.
  const by = { tenant, object: "99999999-0000-4000-8000-000000000001", ownGroups: [ownPrincipals[0] ?? staff] };
  const call = (status: string, answer: string) => ({ eventId: `${status} ${id}`, at, status, answer, by: { ...by } });
  return { id, madeAt: at, calls: [call("Started", ""), call("Succeeded", "Created")] };
}

/** Of the one node. */
const scaleSet = "aks-general-1-vmss";
export const nodeName = "aks-general-1-vmss000000";
export function nodeProvider({ subscription, clusterName }: AzureTarget): string {
  return `azure:///subscriptions/${subscription}/resourceGroups/${clusterName}-nodes/providers/Microsoft.Compute/virtualMachineScaleSets/${scaleSet}/virtualMachines/0`;
}
