/**
 * Of a bucket's policy, the part that the object store can judge. It refuses a whole policy for one statement that names
 * a service of AWS's or a condition that it does not know; the emulator keeps the policy as it was given.
 */
interface Statement {
  Principal?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

/** Condition keys that the object store knows and fills in (versitygw 1.8, auth/condition_context.go), in lower case. */
const knownKeys = new Set([
  "aws:currenttime",
  "aws:epochtime",
  "aws:referer",
  "aws:securetransport",
  "aws:sourceip",
  "aws:useragent",
  "s3:delimiter",
  "s3:max-keys",
  "s3:prefix",
  "s3:versionid",
  "s3:x-amz-acl",
]);

/** @returns undefined when nothing is left to judge; a text that is no policy as it is, for its refusal */
export function judgeablePart(policy: string): string | undefined {
  const document = parsed(policy);
  if (!document) return policy;
  const given = [document.Statement].flat() as Statement[];
  const Statement = given.filter(judgeable);
  return Statement.length > 0 ? JSON.stringify({ ...document, Statement }) : undefined;
}

function judgeable({ Principal, Condition = {} }: Statement): boolean {
  const service = typeof Principal === "object" && Principal !== null && "Service" in Principal;
  const keys = Object.values(Condition).flatMap((tested) => Object.keys(tested));
  return !service && keys.every((key) => knownKeys.has(key.toLowerCase()));
}

function parsed(policy: string): { Statement: unknown } | undefined {
  try {
    const document: unknown = JSON.parse(policy);
    return typeof document === "object" && document !== null && "Statement" in document ? document : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
