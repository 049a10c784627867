import { createHash } from "node:crypto";
import { refusal } from "./errors.ts";

/** What a service allows in a name: length, alphabet in words, and the alphabet itself. */
interface NameRule {
  limit: number;
  allowed: string;
  pattern: RegExp;
}

const dnsLabel = /^[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*$/;
const dnsLabelInWords = 'a-z, 0-9 and single "-", beginning with a letter';

/** Limits as the services document them; the tighter of creation and look-up where these differ. */
const rules = {
  bucket: { limit: 63, allowed: dnsLabelInWords, pattern: dnsLabel },
  database: { limit: 63, allowed: dnsLabelInWords, pattern: dnsLabel },
  balancer: { limit: 32, allowed: dnsLabelInWords, pattern: dnsLabel },
  cluster: { limit: 100, allowed: dnsLabelInWords, pattern: dnsLabel },
  role: { limit: 64, allowed: "letters, digits and _+=,.@-", pattern: /^[\w+=,.@-]+$/ },
  schedule: { limit: 64, allowed: dnsLabelInWords, pattern: dnsLabel },
  namespace: { limit: 63, allowed: dnsLabelInWords, pattern: dnsLabel },
  repository: {
    limit: 256,
    allowed: 'a-z, 0-9, "-" and "/" between words',
    pattern: /^[a-z0-9]+(?:[-/][a-z0-9]+)*$/,
  },
  // Google Cloud: most resources, GKE clusters, and service accounts by the part before the @.
  "google-resource": { limit: 63, allowed: dnsLabelInWords, pattern: dnsLabel },
  "gke-cluster": { limit: 40, allowed: dnsLabelInWords, pattern: dnsLabel },
  "service-account": {
    limit: 30,
    allowed: `${dnsLabelInWords}, at least 6 characters`,
    pattern: /^(?=.{6})[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*$/,
  },
  // Azure: most resources of a group, and pools of nodes, which take no dash.
  "azure-resource": { limit: 63, allowed: dnsLabelInWords, pattern: dnsLabel },
  "aks-pool": {
    limit: 12,
    allowed: "a-z and 0-9, beginning with a letter, up to 12",
    pattern: /^[a-z][a-z0-9]{0,11}$/,
  },
  general: { limit: 255, allowed: dnsLabelInWords, pattern: dnsLabel },
} satisfies Record<string, NameRule>;

export type NameKind = keyof typeof rules;

const hashLength = 8;

/**
 * A name that the service accepts: the parts joined by "-". One that is too long is cut and ends in a hash of the whole,
 * so that two long names with the same beginning never meet.
 * @throws UserError where the alphabet does not fit; nothing is silently replaced, since that too could make names meet.
 */
export function physicalName(kind: NameKind, ...parts: [string, ...string[]]): string {
  const { limit, allowed, pattern } = rules[kind];
  const whole = parts.join("-");
  if (!pattern.test(whole)) throw refusal({ subject: `the ${kind} name`, value: whole, allowed });
  if (whole.length <= limit) return whole;
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, hashLength);
  const kept = whole.slice(0, limit - hashLength - 1).replace(/[-/.]+$/, "");
  return `${kept}-${hash}`;
}
