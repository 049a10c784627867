/** What is read of a customer's project on Google Cloud; what holds values is described, never opened. */
import type { PlacesFact } from "./facts-places.ts";

/** Of an allow policy. */
export interface GoogleBinding {
  role: string;
  members: string[];
  /** CEL. */
  condition?: string;
}

/** A service account, whoever made it. */
export interface GoogleAccountFact {
  email: string;
  /** Names of keys that somebody made or brought, which can leave the project; Google's own cannot. */
  userKeys: string[];
  /** Who may take the account or act on it: the policy on the account itself. */
  bindings: GoogleBinding[];
}

/** One of the plane's two service accounts, and the calls to make one of its name in what the audit log keeps. */
export interface GoogleCreationFact {
  email: string;
  /** A later account of the same name has another. */
  uniqueId: string;
  calls: {
    /** In the project's Admin Activity log. */
    insertId: string;
    at: string;
    /** Of the account that it made, where it made one. */
    madeId?: string;
    /** The API's words; absent where it went well. */
    error?: string;
    by: {
      /** As a policy would name it: `user:…`, `serviceAccount:…`, `principal://…`. */
      member: string;
      /** Who acted as it, the first of them first. */
      through: string[];
      /** Of an account of the project, as its policy is now; read for the call that made the account. */
      bindings?: GoogleBinding[];
    };
  }[];
}

export interface GoogleProjectFact {
  id: string;
  number: string;
  /** Its own, as `projects/<id>`, and those of the folders and the organisation that it lies in. */
  policies: {
    name: string;
    /** Another of them; absent where nothing is above. */
    parent?: string;
    bindings: GoogleBinding[];
  }[];
  denyPolicies: {
    /** One of the names above. */
    on: string;
    rules: {
      deniedPrincipals: string[];
      exceptionPrincipals: string[];
      deniedPermissions: string[];
      exceptionPermissions: string[];
      /** CEL. */
      condition?: string;
    }[];
  }[];
}

/** What an organisation's policies come to in the project, for one constraint. */
export interface GoogleConstraintFact {
  /** `storage.secureHttpTransport` */
  constraint: string;
  rules: {
    /** Of a constraint that is on or off. */
    enforce?: boolean;
    allowAll: boolean;
    denyAll: boolean;
    allowed: string[];
    denied: string[];
    /** CEL, on tags of what lies in the project. */
    condition?: string;
  }[];
}

/** Each that any policy here names, Google's own too. */
export interface GoogleRoleFact {
  /** `roles/storage.objectUser`, `projects/<id>/roles/<name>`. */
  name: string;
  permissions: string[];
}

export interface GoogleBucketFact {
  name: string;
  /** Such as `EUROPE-WEST4`; of more than one region `EU` or `EUR4`. */
  location: string;
  /** Of the project that it belongs to, whoever was asked. */
  projectNumber: string;
  /** Absent: a key of Google's. */
  key?: string;
  uniformAccess: boolean;
  /** `enforced`, or what is above decides. */
  publicAccess: string;
  versioned: boolean;
  corsOrigins: string[];
  corsMethods: string[];
  bindings: GoogleBinding[];
  places: PlacesFact;
}

export interface GoogleRepositoryFact {
  /** `projects/<id>/locations/<region>/repositories/<id>` */
  name: string;
  mode: string;
  key?: string;
  immutableTags: boolean;
  /** INHERITED: as the project has it; DISABLED. */
  scanning: string;
  /** What the project's setting makes of it, such as SCANNING_ACTIVE. */
  scanningState: string;
  bindings: GoogleBinding[];
}

export interface GoogleSecretFact {
  /** `projects/<number>/secrets/<id>` */
  name: string;
  labels: Record<string, string>;
  /** Empty where Google chooses the places. */
  replicas: { location: string; key?: string }[];
  bindings: GoogleBinding[];
}

/** Where else data rests, or is sent to. */
export interface GoogleStoresFact {
  secrets: GoogleSecretFact[];
  logBuckets: {
    /** `projects/<id>/locations/<region>/buckets/<id>` */
    name: string;
    key?: string;
    views: { name: string; bindings: GoogleBinding[] }[];
  }[];
  sinks: { name: string; destination: string; filter: string; disabled: boolean }[];
  /** What no sink of the project's takes. */
  exclusions: { name: string; filter: string; disabled: boolean }[];
}

/** A key that something of the plane is sealed with, in whichever project. */
export interface GoogleKeyFact {
  name: string;
  /** State of the version that seals now, such as ENABLED. */
  state: string;
  /** Such as ENCRYPT_DECRYPT. */
  purpose: string;
  /** Such as GOOGLE_SYMMETRIC_ENCRYPTION. */
  algorithm: string;
  bindings: GoogleBinding[];
}

export interface GoogleClusterFact {
  /** `projects/<id>/locations/<region>/clusters/<name>` */
  name: string;
  /** `projects/<id>/global/networks/<name>` */
  network: string;
  /** Of the control plane's own network. */
  masterRange?: string;
  privateNodes: boolean;
  /** Addresses of the API within the network. */
  endpoints: string[];
  /** Whether the API has no address on the internet. */
  privateEndpoint: boolean;
  /** Whether the API's name answers from the internet, guarded by IAM alone. */
  namedEndpointOpen: boolean;
  /** Networks that may reach the API; absent where there is no list, which lets everybody in. */
  authorizedNetworks?: string[];
  /** Of Secrets; absent where they are not sealed. */
  secretsKey?: string;
  workloadPool?: string;
  datapath: string;
  /** Of what pods say to pods of other nodes, as GKE names it: IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT, … */
  nodeEncryption: string;
  shieldedNodes: boolean;
  legacyAuthorization: boolean;
  /** Of what its own agent ships logs, as GKE names it: WORKLOADS are pods. */
  logged: string[];
  nodePools: { name: string; account: string; metadataMode: string; privateNodes: boolean }[];
}

export interface GoogleFirewallRule {
  /** Of the network's own rules, or `<policy>#<priority>`. */
  name: string;
  enabled: boolean;
  /** INGRESS or EGRESS. */
  direction: string;
  allows: boolean;
  /** `tcp 443`, `all`. */
  ports: string[];
  /** Networks, countries, names and lists that it lets in. */
  sources: string[];
}

export interface GoogleAttachmentFact {
  name: string;
  /** ACCEPT_AUTOMATIC lets in whoever asks. */
  preference: string;
  /** Projects, by id or number, or networks. */
  accepted: string[];
  connections: { endpoint: string; state: string }[];
  /** Schemes of the balancers behind it, such as INTERNAL_MANAGED. */
  schemes: string[];
}

/** A way between the project's networks and somebody's that is neither peering nor tunnel, or that is offered. */
export interface GoogleJoin {
  name: string;
  /** Endpoint or group of Private Service Connect; interfaces that others' machines may have here; a hub's route. */
  kind: "endpoint" | "interface" | "hub";
  /** Service attachment, projects, or hub. */
  to: string;
  /** Of an endpoint. */
  address?: string;
}

/** The network that the cluster lies in, and every way from it into another one. */
export interface GoogleNetworkFact {
  /** `projects/<id>/global/networks/<name>` */
  name: string;
  /** Of all its subnets, first and further. */
  ranges: string[];
  /** Its own, and those of policies above it. */
  rules: GoogleFirewallRule[];
  peerings: { name: string; network: string; state: string }[];
  /** Tunnels and attachments to networks elsewhere, of the project. */
  tunnels: string[];
  joins: GoogleJoin[];
  /** In the project's region. */
  attachments: GoogleAttachmentFact[];
  /** Balancers of the project that the internet reaches. */
  openBalancers: { name: string; address: string }[];
  /** Of the project, as `<zone>/<name>`. */
  instances: string[];
}
