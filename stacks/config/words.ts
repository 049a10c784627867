/** The forms that settings take, each with its rule in words: the words are what a person is told when it is broken. */
import { z } from "zod";

export const text = (allowed: string, pattern: RegExp) =>
  z.string({ error: allowed }).regex(pattern, { error: allowed }).describe(allowed);

/** Room is left for what is added to it: no derived name passes the 63 characters of a DNS label. */
export const word = text(
  'a-z, 0-9 and "-", from 1 to 30 characters, beginning with a letter',
  /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,29}$/,
);
/** As projects and domains are called. */
export const label = text('a DNS label: a-z, 0-9 and "-", at most 63', /^[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,62}$/);
export const namespace = text('a-z, 0-9 and "-", up to 63 characters', /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,62}$/);
export const host = text(
  "a host name without scheme or port, such as us-east-2.example.com",
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/,
);
export const region = text("an AWS region, such as us-east-2", /^[a-z]{2}(?:-[a-z]+)+-\d$/);
export const googleRegion = text("a region of Google Cloud, such as europe-west4", /^[a-z]+-[a-z]+\d+$/);
export const googleProject = text(
  "the id of a project, 6 to 30 characters, such as acme-data",
  /^[a-z](?=.{5,29}$)(?:[a-z0-9]|-(?=[a-z0-9]))*$/,
);
export const keyName = text(
  "the name of a key in Cloud KMS, such as projects/<project>/locations/<region>/keyRings/<ring>/cryptoKeys/<key>",
  /^projects\/[\w.:-]+\/locations\/[a-z0-9-]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+$/,
);
export const azureRegion = text("a region of Azure, such as westeurope", /^[a-z]{4,}\d?$/);
export const azureGroup = text('a resource group: letters, digits and "_-.()", up to 90', /^[\w.()-]{0,89}[\w()-]$/);
export const guid = text(
  "a GUID in lower case, such as 00000000-0000-4000-8000-000000000000",
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
);
export const armId = text(
  "a resource's id, /subscriptions/<id>/resourceGroups/<group>/providers/<provider>/<type>/<name>",
  /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[\w.()-]+\/providers\/[\w.]+(?:\/[\w.-]+)+$/i,
);
export const image = text(
  "an image by digest, such as registry/name@sha256:<64 hex digits>",
  /^[\w.:-]+(?:\/[\w.-]+)+@sha256:[0-9a-f]{64}$/,
);
export const pem = text("a certificate in PEM", /^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/);
export const secret = text("at least 20 letters and digits", /^[\w.~-]{20,}$/);
/** As Cloudflare writes it: base64 of JSON. */
export const tunnelToken = text("a tunnel's token, in base64", /^[A-Za-z0-9+/_-]{20,}={0,2}$/);
export const role = text("letters, digits and _+=,.@-, up to 64 characters", /^[\w+=,.@-]{1,64}$/);
export const keyArn = text(
  "the ARN of a KMS key, such as arn:aws:kms:<region>:<account>:key/<id>",
  /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
);
export const principalArn = text(
  "the ARN of an IAM role or user, such as arn:aws:iam::<account>:role/<name>",
  /^arn:aws[\w-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/,
);

const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const network = (allowed: string, lengths: string) =>
  text(allowed, new RegExp(`^(?:${octet}\\.){3}${octet}/(?:${lengths})$`));
export const ownNetwork = network("an IPv4 network of /16 to /20, such as 10.40.0.0/16", "1[6-9]|20");
export const peers = network(
  "an IPv4 network of /16 to /32, such as 203.0.113.7/32; never the whole internet",
  "1[6-9]|2\\d|3[0-2]",
);

export const whole = (least: number, most: number) => {
  const allowed = `a whole number from ${least} to ${most}`;
  return z.int({ error: allowed }).min(least, { error: allowed }).max(most, { error: allowed });
};
export const oneOf = <const Words extends [string, ...string[]]>(...words: Words) =>
  z.enum(words, { error: words.join(" or ") });
export const awsId = (prefix: string) => text(`an id ${prefix}-…`, new RegExp(`^${prefix}-[0-9a-f]+$`));

/** Reports a rule between settings, by the path of the one that breaks it. */
export type Problem = (path: PropertyKey[], input: unknown, message: string) => void;
export const problems =
  (issues: z.core.$ZodRawIssue[]): Problem =>
  (path, input, message) =>
    void issues.push({ code: "custom", path, input, message });

export function* repeated<Item>(items: Item[], keyOf: (item: Item) => string): Generator<[number, Item]> {
  const seen = new Set<string>();
  for (const [at, item] of items.entries()) {
    if (seen.has(keyOf(item))) yield [at, item];
    seen.add(keyOf(item));
  }
}
