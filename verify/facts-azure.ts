/** What is read of a customer's subscription on Azure; what holds values is described, never opened. Ids are ARM's. */
import type { PlacesFact } from "./facts-places.ts";

/** A user-assigned identity, whoever made it. */
export interface AzureIdentityFact {
  id: string;
  clientId: string;
  /** Object id: what role assignments and Kubernetes know it by. */
  principalId: string;
  /** Who becomes it, by a token of another issuer. */
  credentials: {
    name: string;
    issuer: string;
    /** Absent where an expression stands in its place. */
    subject?: string;
    audiences: string[];
  }[];
}

/** By whom an identity of the plane's was made, as the subscription's activity log has it. */
export interface AzureCreationFact {
  id: string;
  /** As the resource manager tells it; ISO 8601. */
  madeAt: string;
  /** Every call that asked for its name in those minutes. */
  calls: {
    eventId: string;
    at: string;
    /** Started, Succeeded, Failed, … */
    status: string;
    /** Of HTTP, as `Created`; empty where the call only began. */
    answer: string;
    by: {
      /** Of the token. */
      tenant: string;
      /** Object id. */
      object: string;
      /** Of the caller's groups those that the target names as the customer's own. */
      ownGroups: string[];
    };
  }[];
}

interface AzurePrincipal {
  id: string;
  /** User, Group, ServicePrincipal, ForeignGroup, SystemDefined, …; not told where it is empty. */
  type: string;
}

export interface AzureAssignment {
  scope: string;
  principal: AzurePrincipal;
  /** Of the role's definition. */
  roleId: string;
  condition?: string;
}

/** All that holds in the subscription: on what is in it, on itself and above it. */
export interface AzureRightsFact {
  assignments: AzureAssignment[];
  denials: {
    scope: string;
    onlyThere: boolean;
    permissions: AzurePermissions[];
    principals: AzurePrincipal[];
    except: AzurePrincipal[];
    condition?: string;
  }[];
  /** Delegations of the subscription or its groups to another tenant (Azure Lighthouse). */
  delegations: { id: string; toTenant: string; name: string }[];
}

export interface AzurePermissions {
  actions: string[];
  notActions: string[];
  dataActions: string[];
  notDataActions: string[];
}

/** Each that any assignment names, Azure's own too. */
export interface AzureRoleFact {
  id: string;
  permissions: AzurePermissions[];
}

export interface AzureStorageFact {
  id: string;
  /** Such as `westeurope`. */
  location: string;
  /** In a vault; absent: a key of Azure's. */
  key?: string;
  /** Whether the account's own keys sign anything. */
  sharedKeys: boolean;
  /** Whether any container may be made public. */
  publicBlobs: boolean;
  httpsOnly: boolean;
  minimumTls: string;
  /** SFTP's and NFS's own users. */
  localUsers: boolean;
  /** Whether objects may be copied to accounts of other tenants. */
  acrossTenants: boolean;
  /** Of replication to other accounts, by policy. */
  replicates: string[];
  versioned: boolean;
  corsOrigins: string[];
  corsMethods: string[];
  containers: { name: string; publicAccess: string }[];
}

export interface AzureObjectsFact {
  container: string;
  places: PlacesFact;
}

export interface AzureVaultFact {
  id: string;
  location: string;
  /** Whether rights are role assignments alone. */
  rbac: boolean;
  /** Object ids that its own access policies name; none of them counts with `rbac`. */
  policiesFor: string[];
  purgeProtected: boolean;
  softDeleted: boolean;
  /** Whether networks that no rule names reach it. */
  open: boolean;
  /** Names of what it holds; of the plane's own vault of users' secrets alone, empty elsewhere. */
  secrets: string[];
}

/** A key that something of the plane is sealed with. */
export interface AzureKeyFact {
  /** `https://<vault>.vault.azure.net/keys/<name>` */
  url: string;
  id: string;
  enabled: boolean;
  /** RSA, RSA-HSM, … */
  kind: string;
}

export interface AzureRegistryFact {
  id: string;
  location: string;
  /** A password of the registry's own. */
  administrator: boolean;
  anonymousPulls: boolean;
  /** In a vault; absent: a key of Azure's. */
  key?: string;
  /** Tokens of the registry's own that are enabled. */
  tokens: string[];
  /** Other regions that it is copied to. */
  copies: string[];
}

/** Plans of Microsoft Defender for Cloud, which a subscription has as a whole. */
export interface AzureDefenderFact {
  plans: {
    name: string;
    /** Free or Standard. */
    tier: string;
    deprecated: boolean;
    /** Those that are on. */
    extensions: string[];
  }[];
}

export interface AzureClusterFact {
  id: string;
  location: string;
  /** Resource group of its nodes, which is AKS's. */
  nodeGroup: string;
  privateApi: boolean;
  /** Whether the private API's name is in public DNS too; the address behind it stays private. */
  publicName: boolean;
  /** Networks that may reach a public API; empty lets everybody. */
  authorizedRanges: string[];
  localAccounts: boolean;
  entra: boolean;
  azureRbac: boolean;
  workloadIdentity: boolean;
  issuer: string;
  /** Of Secrets, with its version; absent where they are not sealed. */
  secretsKey?: string;
  /** Of the nodes' disks, with its version; absent: a key of Azure's. */
  disksKey?: string;
  dataplane: string;
  networkPolicy: string;
  /** Of what pods say to pods of other nodes, as AKS names it: WireGuard, None, … */
  nodeEncryption: string;
  outbound: string;
  /** By which Azure itself brings newer versions, `none` where nobody but its managers does. */
  upgrades: { cluster: string; nodes: string };
  pools: { name: string; subnet: string; publicAddresses: boolean; encryptedAtHost: boolean }[];
  /** Of the API's own private link, each endpoint that asked. */
  connections: { name: string; state: string; endpoint: string }[];
  /** Names of the scale sets in the nodes' group. */
  scaleSets: string[];
}

export interface AzureRule {
  /** `<group>/<rule>` */
  name: string;
  priority: number;
  inbound: boolean;
  allows: boolean;
  /** `tcp 443`, `all`. */
  ports: string;
  sources: string[];
}

/** The network that the nodes lie in, and every way from it into another one. */
export interface AzureNetworkFact {
  id: string;
  ranges: string[];
  subnets: {
    id: string;
    /** The walls; absent where nothing refuses. */
    rules?: string;
    nat: boolean;
    /** Whether machines without an address of their own have Azure's way out. */
    defaultOutbound: boolean;
  }[];
  /** Of every group of rules that holds in it, and in the nodes' group. */
  rules: AzureRule[];
  peerings: { name: string; network: string; state: string }[];
  /** Subnets of gateways to networks elsewhere. */
  gateways: string[];
  /** Addresses on the internet that something of the subscription answers at; what only goes out is none. */
  openAddresses: { id: string; address: string; at: string }[];
  /** Private endpoints in it, whoever made them; what each leads to is an ARM id, or an alias, which tells no owner. */
  endpoints: { id: string; services: { to: string; state: string }[] }[];
  /** Managers of networks, of another tenant, that the subscription let connect: they join networks without a peering. */
  managers: { id: string; manager: string; state: string }[];
  /** Private Link services of the subscription. */
  linkServices: { id: string; visibleTo: string[]; connections: string[] }[];
}

/** Where logs rest, and what sends them. */
export interface AzureLogsFact {
  workspaces: {
    id: string;
    /** GUID that queries name it by. */
    workspace: string;
    location: string;
    /** Whether its own keys let anybody write or ask. */
    keys: boolean;
    /** Whether whoever reads a resource reads its logs too. */
    byResource: boolean;
    /** Of what leaves it by itself. */
    exports: string[];
  }[];
  /** Of the cluster: rules of Azure Monitor, and settings of the cluster itself. */
  senders: { name: string; namespaces?: string[]; destinations: string[] }[];
}
