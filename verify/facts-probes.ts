/** What was tried and how it ended. Read only by `verify --probe`, after its plan was printed. */

export const tlsVersions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
export type TlsVersion = (typeof tlsVersions)[number];

export interface ProbedHost {
  host: string;
  purpose: "api" | "relay" | "object-store" | "log-service";
  /** One handshake for each version, which offers that version only. */
  tls: { version: TlsVersion; accepted: boolean; told: string }[];
  /** What port 80 does with a request in clear. */
  plain: { outcome: "closed" | "silent" | "answered"; told: string };
}

/** ALPN of the two channels: the tunnel, on which the region asks, and HTTP/2, by which a compute plane asks. */
export const channels = ["biplane-tunnel", "h2"] as const;

/** A handshake with the relay by somebody who is no cluster, and what came of it. */
export interface ProbedCaller {
  host: string;
  channel: (typeof channels)[number];
  certificate: "none" | "a stranger's own";
  outcome: "refused" | "served" | "left open";
  told: string;
}

/** One RPC, asked with an empty message. */
export interface ProbedCall {
  /** `package.Service/Method` */
  method: string;
  credential: "none" | "basic" | "unsigned token" | "a stranger's token" | "signed in";
  /** Of Connect, as `Unauthenticated`; `Ok` where an answer came. */
  code: string;
  told: string;
}

/** Pods that were offered to a project's namespace by dry runs: the API server judges and keeps none. */
export interface ProbedAdmission {
  namespace: string;
  /** What one container has, in whose specification stood nothing of resources. */
  given: { requests: Record<string, string>; limits: Record<string, string> };
  /** What asks for more than the namespace may have. */
  tooMuch: { refused: boolean; told: string };
  /** Its quota has room for no pod, in the API server's words: the project is archived, and nothing more was asked. */
  closed?: string;
}

/** A pod's token, brought to the cloud for one identity. */
export interface ProbedSession {
  /** `namespace/account` */
  account: string;
  kind: "platform" | "task";
  /** ARN, or a service account's e-mail. */
  role: string;
  /** Of the account's own annotation. */
  own: boolean;
  taken: boolean;
  told: string;
}

/** One call to the object store with the session of a task pod's account. */
export interface ProbedObject {
  account: string;
  bucket: string;
  place: "own" | "next door";
  action: "put" | "get" | "delete";
  allowed: boolean;
  told: string;
}

/** A platform account's token, brought to AWS for the admin role under the name of a session. */
export interface ProbedName {
  account: string;
  name: string;
  /** Under which the account is to have the role. */
  own: boolean;
  taken: boolean;
  told: string;
}

/** One call to the object store in a platform account's own session. */
export interface ProbedReach {
  account: string;
  bucket: string;
  action: "put" | "get";
  allowed: boolean;
  told: string;
}

/** A connection that a restricted pod of the probe's own namespace tried. */
export interface ProbedConnection {
  /** `open`: nothing forbids it. `closed`: a policy of the probe's own does. `plane`: the plane's policies do. */
  case: "open" | "closed" | "plane";
  to: string;
  connected: boolean;
  told: string;
}

/** Where a pod says that it listens, and what its cluster tells of how it speaks there. */
export interface Listener {
  /** `namespace/name` */
  pod: string;
  container: string;
  /** TCP. */
  port: number;
  /** How its kubelet's probes were answered there. */
  kubelet: "by TLS" | "in clear" | "not at all";
  /** Its program was given a certificate to serve by. */
  givenCertificate: boolean;
}

/** `nothing`: no connection stood, so it is not there, or was closed to who tried. */
export const spoken = ["by TLS", "not by TLS", "nothing"] as const;

/** A handshake that a pod of the probe's own tried. */
export interface ProbedListener extends Listener {
  /** The pod names the port; else it was only found open. */
  declared: boolean;
  speaks: (typeof spoken)[number];
  told: string;
}

export interface ProbeFacts {
  probedHosts: ProbedHost[];
  probedCallers: ProbedCaller[];
  probedCalls: ProbedCall[];
  probedStore: ProbedHost[];
  /** Where the agents of GKE and AKS send pods' logs; not there where none are kept, and on AWS, whose shipper is ours. */
  probedLogs: ProbedHost[];
  probedAdmission: ProbedAdmission[];
  probedSessions: ProbedSession[];
  probedObjects: ProbedObject[];
  /** On AWS, where accounts share a role. */
  probedNames: ProbedName[];
  probedReach: ProbedReach[];
  probedConnections: ProbedConnection[];
  probedListeners: ProbedListener[];
}
