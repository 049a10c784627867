/** What is read of the customer's account beside IAM and buckets; what holds values is described, never opened. */
import type { PolicyDocument } from "./reason/iam-policy.ts";
import type { Grant } from "./reason/rbac/grants.ts";

export interface SecurityGroupFact {
  id: string;
  name: string;
  ingress: {
    /** `tcp`, `udp`, …; `-1` is all. */
    protocol: string;
    /** `443`, `8000-8999` or `all`. */
    ports: string;
    /** CIDRs, prefix lists, and other groups as `<account>/<group>`. */
    sources: string[];
  }[];
}

/** A node of the cluster, as the account has it. */
export interface InstanceFact {
  id: string;
  /** Such as `m7i.xlarge`. */
  type: string;
  /** Whether EC2 says of the type that its network encrypts what passes between instances. */
  encryptsInTransit: boolean;
}

export interface EndpointServiceFact {
  id: string;
  state: string;
  acceptanceRequired: boolean;
  balancers: { arn: string; scheme: string }[];
  principals: string[];
  connections: { endpoint: string; owner: string; state: string }[];
}

/** The network that the cluster lies in, and every way from it into another one. */
export interface NetworkFact {
  vpcId: string;
  cidrs: string[];
  /** All of the network. */
  securityGroups: SecurityGroupFact[];
  /** Of the cluster's own interfaces and of its nodes. */
  clusterGroupIds: string[];
  /** Where the internet finds something in the network: balancers' ARNs, and interfaces with a public address. */
  openings: { name: string; address: string; groupIds: string[] }[];
  /** Of the account, in the network: the cluster's nodes by its tag. */
  instanceIds: string[];
  peerings: { id: string; owners: string[]; state: string }[];
  /** Attachments to transit gateways. */
  transits: { id: string; gatewayOwner: string; state: string }[];
  /** Connections of VPN gateways. */
  vpns: { id: string; state: string }[];
  /** Endpoints of the network to services of AWS or of others. */
  endpoints: { id: string; service: string; owner?: string; state: string }[];
  /** Offered by the account, to whomever. */
  endpointServices: EndpointServiceFact[];
}

/** Who the account lets into the cluster. */
export interface ClusterAccessFact {
  entries: {
    principalArn: string;
    /** STANDARD, or what kind of node joins by it. */
    type: string;
    groups: string[];
    policies: { arn: string; scope: string; namespaces: string[] }[];
  }[];
  podIdentities: { namespace: string; serviceAccount: string; roleArn: string }[];
}

/** Whom the cluster's ConfigMap aws-auth lets in. */
export interface IdentityMapFact {
  /** `principalArn` as it stands there: a role without its path, `…:root` for a whole account. */
  identities: { principalArn: string; groups: string[] }[];
}

export interface KeyFact {
  arn: string;
  /** CUSTOMER or AWS. */
  manager: string;
  enabled: boolean;
  /** Such as SYMMETRIC_DEFAULT. */
  spec: string;
  policy: PolicyDocument;
  grants: { grantee: string; operations: string[] }[];
}

export interface SecretFact {
  name: string;
  arn: string;
  /** Absent: the service's own key. */
  keyId?: string;
  policy?: PolicyDocument;
  /** Regions that it is copied to. */
  copies: string[];
}

/** Where else data rests, or is copied to. */
export interface StoresFact {
  /** In the backend's own manager; users of the Kubernetes backend have none. */
  secrets: SecretFact[];
  logGroups: { name: string; arn: string; keyId?: string; destinations: string[] }[];
  /** Where images are copied to, as `<account>/<region>`; of repositories that begin so, or of all when none is named. */
  imageCopies: { to: string; prefixes: string[] }[];
  /** Names of the account's own buckets. */
  ownBuckets: string[];
}

/** One of the plane's two roles, and the calls to make one of its name when it was made. */
export interface RoleCreationFact {
  name: string;
  arn: string;
  /** A later role of the same name has another. */
  id: string;
  /** ISO 8601, as IAM tells it. */
  madeAt: string;
  calls: {
    /** In the account's event history. */
    eventId: string;
    at: string;
    /** Of the role that it made, where it made one. */
    roleId?: string;
    errorCode?: string;
    by: {
      /** As CloudTrail calls it: AssumedRole, IAMUser, Root, … */
      type: string;
      account: string;
      /** Of a session, its role's. */
      arn: string;
      /** Of a session's role, as it is now; read for the call that made the role. */
      trust?: PolicyDocument;
    };
  }[];
}

/** One question to the API server, and its answer. */
export interface AccessReview {
  /** Of the account that is asked about. */
  namespace: string;
  account: string;
  asked: Omit<Grant, "via">;
  allowed: boolean;
  /** As the authorizer words it; empty where none allowed it. */
  reason: string;
}
