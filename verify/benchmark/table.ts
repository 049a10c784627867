/**
 * The recommendations of the CIS Amazon Web Services Foundations Benchmark 1.4.0, both levels, in words of our own, and
 * what decides each: facts that are read, or a person.
 */
import type { FactName } from "../facts.ts";

interface ByFacts {
  number: string;
  /** What holds. */
  title: string;
  facts: readonly FactName[];
  fix: string;
}

interface ByPerson {
  number: string;
  title: string;
}

/** No API tells them, or none tells enough: whoever answers for the account says so, outside of this program. */
export const byPerson: readonly ByPerson[] = [
  { number: "1.1", title: "The account's contact details are current, and reach more than one person" },
  { number: "1.2", title: "A contact for security is registered" },
  { number: "1.3", title: "Security questions are registered" },
  { number: "1.18", title: "Instances use roles to reach AWS, and no stored keys" },
  { number: "1.21", title: "People's accounts are kept in one place for all AWS accounts" },
  { number: "2.1.4", title: "Data in S3 have been looked for, classified and secured" },
  { number: "5.4", title: "Routes to peered networks reach no further than they must" },
];

const watched = [
  ...["regionTrails", "regionTrailEvents", "regionPrincipals"],
  ...["regionLogFilters", "regionAlarms", "regionSubscribed"],
] as const satisfies FactName[];
const watch = "Have the region's stack make the filter and the alarm, and somebody subscribe to its topic (`alarms`).";

type Row = readonly [title: string, facts: readonly FactName[], fix: string];

const rows = {
  "1.4": ["The root user has no access key", ["regionRoot"], "Delete the root user's access keys."],
  "1.5": ["The root user signs in with a second factor", ["regionRoot"], "Give the root user a second factor."],
  "1.6": [
    "The root user's second factor is a device",
    ["regionRoot"],
    "Register a security key or a hardware token, and remove the virtual one.",
  ],
  "1.7": [
    "The root user is not used",
    ["regionCredentials"],
    "Work with roles; use the root user for what only it can do.",
  ],
  "1.8": [
    "Passwords have 14 characters at least",
    ["regionPasswordPolicy"],
    "Set minimumPasswordLength of the account's password policy to 14 or more.",
  ],
  "1.9": [
    "The last 24 passwords cannot come again",
    ["regionPasswordPolicy"],
    "Set passwordReusePrevention of the account's password policy to 24.",
  ],
  "1.10": [
    "Whoever has a password has a second factor",
    ["regionCredentials"],
    "Register a second factor, or take the password away.",
  ],
  "1.11": [
    "Nobody with a password was given a key that was never used",
    ["regionCredentials"],
    "Delete the key; who needs one makes it then.",
  ],
  "1.12": [
    "No password and no key has been unused for 45 days",
    ["regionCredentials"],
    "Take the password or the key away.",
  ],
  "1.13": ["Nobody has two active keys", ["regionCredentials"], "Deactivate one of them."],
  "1.14": ["No active key is older than 90 days", ["regionCredentials"], "Make a new key and delete the old one."],
  "1.15": [
    "Users have their permissions by groups alone",
    ["regionPrincipals"],
    "Move the policies to a group, and the user into it.",
  ],
  "1.16": [
    "Nobody holds a policy that allows everything on everything",
    ["regionPrincipals"],
    "Replace it by policies that name what is needed.",
  ],
  "1.17": [
    "A role may work with AWS's support",
    ["regionPrincipals"],
    "Attach AWSSupportAccess to a role of those who answer incidents.",
  ],
  "1.19": ["No expired certificate is kept in IAM", ["regionServerCertificates"], "Delete it."],
  "1.20": [
    "IAM Access Analyzer looks at every region",
    ["regionAnalyzers"],
    "Create an analyzer of the account or the organisation in the region.",
  ],
  "2.1.1": ["Every bucket is encrypted at rest", ["regionBuckets"], "Set the bucket's default encryption."],
  "2.1.2": [
    "Every bucket refuses requests without TLS",
    ["regionBuckets"],
    "Deny s3:* on the bucket and its objects where aws:SecureTransport is false.",
  ],
  "2.1.3": [
    "Versions of objects are deleted with a second factor only",
    ["regionBuckets"],
    "Turn MFA delete on, which only the root user can.",
  ],
  "2.1.5": [
    "No bucket can be made public",
    ["regionBuckets", "regionPublicAccess"],
    "Turn on all four switches of the account's block of public access.",
  ],
  "2.2.1": [
    "New disks are encrypted in every region",
    ["regionDiskDefaults"],
    "Turn on EBS encryption by default in the region.",
  ],
  "2.3.1": [
    "Every database is encrypted at rest",
    ["regionSealing"],
    "Restore a snapshot of it that was copied under a key.",
  ],
  "3.1": [
    "A trail records every call in all regions",
    ["regionTrails", "regionTrailEvents"],
    "Bring the region's stack up again: it makes such a trail.",
  ],
  "3.2": ["Every trail's files can be verified", ["regionTrails"], "Turn on log file validation of the trail."],
  "3.3": [
    "The bucket of every trail cannot be public",
    ["regionTrails", "regionTrailEvents", "regionPublicAccess"],
    "Turn on all four switches of the bucket's block of public access.",
  ],
  "3.4": [
    "Every trail delivers to CloudWatch Logs, and did so within a day",
    ["regionTrails", "regionTrailEvents"],
    "Give the trail a log group, and a role that may write there.",
  ],
  "3.5": [
    "AWS Config records everything in every region",
    ["regionRecorders"],
    "Record all supported kinds in each region, and global kinds in one.",
  ],
  "3.6": [
    "Access to the bucket of every trail is logged",
    ["regionTrails", "regionTrailEvents"],
    "Turn on server access logging of the bucket, to another one.",
  ],
  "3.7": ["Every trail is sealed with a key of the account", ["regionTrails"], "Set the trail's KMS key."],
  "3.8": ["Every symmetric key of the account's own rotates", ["regionSealing"], "Turn on the key's rotation."],
  "3.9": [
    "Every network logs its flows",
    ["regionNetworks"],
    "Create a flow log of the network, or remove the network.",
  ],
  "3.10": [
    "Writes to the objects of every bucket are recorded",
    ["regionTrails", "regionTrailEvents", "regionBuckets"],
    "Add the bucket to a trail's data events.",
  ],
  "3.11": [
    "Reads of the objects of every bucket are recorded",
    ["regionTrails", "regionTrailEvents", "regionBuckets"],
    "Add the bucket to a trail's data events.",
  ],
  "4.1": ["Calls that were refused are told", watched, watch],
  "4.2": ["Sign-ins without a second factor are told", watched, watch],
  "4.3": ["Use of the root user is told", watched, watch],
  "4.4": ["Changes of IAM policies are told", watched, watch],
  "4.5": ["Changes of the trail are told", watched, watch],
  "4.6": ["Failed sign-ins are told", watched, watch],
  "4.7": ["Keys that are disabled or to be deleted are told", watched, watch],
  "4.8": ["Changes of buckets' policies are told", watched, watch],
  "4.9": ["Changes of AWS Config are told", watched, watch],
  "4.10": ["Changes of security groups are told", watched, watch],
  "4.11": ["Changes of network access lists are told", watched, watch],
  "4.12": ["Changes of network gateways are told", watched, watch],
  "4.13": ["Changes of route tables are told", watched, watch],
  "4.14": ["Changes of networks are told", watched, watch],
  "4.15": ["Changes of the organisation are told", watched, watch],
  "5.1": [
    "No network access list lets the world in to SSH or RDP",
    ["regionNetworks"],
    "Deny ports 22 and 3389 before what allows them; a network's default list allows everything.",
  ],
  "5.2": ["No security group lets the world in to SSH or RDP", ["regionNetworks"], "Remove the rule."],
  "5.3": [
    "The default security group of every network has no rule",
    ["regionNetworks"],
    "Remove its rules, or the network.",
  ],
} as const satisfies Record<string, Row>;

export type Decided = keyof typeof rows;

/** An API tells whether they hold. */
export const byFacts = Object.fromEntries(
  Object.entries<Row>(rows).map(([number, [title, facts, fix]]) => [number, { number, title, facts, fix }]),
) as Record<string, ByFacts> as Record<Decided, ByFacts>;

/** For a reader of what could not be read: the recommendations that it leaves open. */
export function decidedBy(fact: FactName): string {
  const numbers = Object.values(byFacts).filter((one) => one.facts.includes(fact));
  return `CIS ${numbers.map(({ number }) => number).join(", ")}`;
}
