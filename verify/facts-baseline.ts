/** What is read of a region's account as a whole, in every region that it has enabled: for the CIS benchmark alone. */
import type { KeyFact, SecurityGroupFact } from "./facts-region.ts";
import type { World } from "./reason/iam/world.ts";
import type { PolicyDocument } from "./reason/iam-policy.ts";

/** The account's root user. */
export interface RootFact {
  accessKeys: boolean;
  secondFactor: boolean;
  /** The factor is a program on somebody's phone or the like, no device. */
  virtualFactor: boolean;
}

/** Zero where the account has no policy. */
export interface PasswordPolicyFact {
  minimumLength: number;
  /** Passwords that may not come again. */
  remembered: number;
}

/** One line of IAM's credential report; times as ISO 8601, absent where there is none. */
export interface CredentialFact {
  user: string;
  root: boolean;
  password: boolean;
  passwordUsed?: string;
  passwordChanged?: string;
  secondFactor: boolean;
  keys: { active: boolean; rotated?: string; used?: string }[];
}

export interface CertificateFact {
  name: string;
  until: string;
  expired: boolean;
}

export interface BucketSettingsFact {
  name: string;
  encrypted: boolean;
  policy?: PolicyDocument;
  mfaDelete: boolean;
  /** All four switches of the bucket's own block of public access. */
  blocked: boolean;
}

export interface TrailEventsFact {
  arn: string;
  bucket: string;
  /** All four switches of that bucket's own. */
  bucketBlocked: boolean;
  /** Access to it is logged. */
  bucketLogged: boolean;
  /** Of calls to the API. */
  management: { reads: boolean; writes: boolean };
  /** Of objects: prefixes of ARNs. */
  objects: { reads: string[]; writes: string[] };
  /** Since its last delivery to the log group; absent: never, or it has none. */
  logsHoursAgo?: number;
}

export interface LogFilterFact {
  name: string;
  group: string;
  pattern: string;
  metrics: { namespace: string; name: string }[];
}

/** One entry of a network's access list that lets something in, or does not. */
export interface AccessListEntry {
  order: number;
  allows: boolean;
  /** `6` is TCP, `-1` all. */
  protocol: string;
  /** Absent: every port. */
  ports?: { from: number; to: number };
  network: string;
}

export interface NetworksFact {
  region: string;
  networks: { id: string; flowLogs: { id: string; active: boolean; traffic: string }[] }[];
  accessLists: { id: string; incoming: AccessListEntry[] }[];
  groups: SecurityGroupFact[];
}

export interface RecorderFact {
  name: string;
  /** Every kind of resource that AWS Config knows. */
  all: boolean;
  /** IAM and other kinds that lie in no region. */
  global: boolean;
  recording: boolean;
  /** SUCCESS, PENDING or FAILURE. */
  last: string;
}

export interface BaselineFacts {
  regionRoot: RootFact;
  regionPasswordPolicy: PasswordPolicyFact;
  /** As of the time of the report. */
  regionCredentials: { at: string; users: CredentialFact[] };
  regionPrincipals: Pick<World, "account" | "entities" | "groups" | "policies">;
  regionServerCertificates: { certificates: CertificateFact[] };
  regionAnalyzers: { region: string; active: string[] }[];
  /** All of the account's. */
  regionBuckets: BucketSettingsFact[];
  /** All four switches, for every bucket that the account has or will have. */
  regionPublicAccess: { blocked: boolean };
  regionDiskDefaults: { region: string; encrypted: boolean }[];
  regionSealing: { region: string; databases: { arn: string; encrypted: boolean }[]; keys: KeyFact[] }[];
  regionTrailEvents: TrailEventsFact[];
  regionRecorders: { region: string; recorders: RecorderFact[] }[];
  regionNetworks: NetworksFact[];
  /** Of every log group of this region. */
  regionLogFilters: { region: string; filters: LogFilterFact[] };
  /** Topics that somebody has said yes to. */
  regionSubscribed: { topics: string[] };
}
