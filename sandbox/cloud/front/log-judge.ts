/**
 * Whether a role's inline policies allow a call of CloudWatch Logs: the emulator keeps logs and judges nothing. A judge of
 * the sandbox's own, apart from verify's. What it cannot judge it does not allow: conditions on anything but who calls, and
 * statements by exception.
 */

/** Calls that workloads make, by what IAM judges them on. Source: service authorization reference of CloudWatch Logs. */
const judged: Record<string, "stream" | "group" | "groups"> = {
  CreateLogStream: "group",
  DescribeLogGroups: "groups",
  DescribeLogStreams: "group",
  FilterLogEvents: "group",
  GetLogEvents: "stream",
  PutLogEvents: "stream",
};

export interface LogCall {
  /** As IAM names it, such as logs:PutLogEvents. */
  action: string;
  /** ARN. */
  resource: string;
}

/** @param target of the header X-Amz-Target. @returns undefined for a call that no workload makes */
export function logCallOf(
  target: string,
  body: Buffer,
  place: { region: string; account: string },
): LogCall | undefined {
  const operation = /^Logs_20140328\.(\w+)$/.exec(target)?.[1] ?? "";
  const on = judged[operation];
  const asked = fieldsOf(body);
  if (!on || !asked) return undefined;
  const arn = `arn:aws:logs:${place.region}:${place.account}:log-group:`;
  const action = `logs:${operation}`;
  if (on === "groups") return { action, resource: arn };
  const { logGroupName: group, logStreamName: stream } = asked;
  if (!group) return undefined;
  if (on === "group") return { action, resource: `${arn}${group}` };
  return stream ? { action, resource: `${arn}${group}:log-stream:${stream}` } : undefined;
}

/** Names only: what a stream or a group is called by its ARN could be read in two ways. */
function fieldsOf(body: Buffer): { logGroupName?: string; logStreamName?: string } | undefined {
  try {
    const fields: unknown = JSON.parse(body.toString());
    if (typeof fields !== "object" || fields === null || "logGroupIdentifier" in fields) return undefined;
    const text = (name: string) => {
      const value = (fields as Record<string, unknown>)[name];
      return typeof value === "string" ? value : undefined;
    };
    const [logGroupName, logStreamName] = [text("logGroupName"), text("logStreamName")];
    return { ...(logGroupName ? { logGroupName } : {}), ...(logStreamName ? { logStreamName } : {}) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Who calls, as far as conditions ask. */
export interface Calling {
  /** `aws:userid`. @default nobody knows: no condition on it holds */
  userId?: string;
}

interface Statement {
  Effect?: string;
  Action?: string | string[];
  Resource?: string | string[];
  [other: string]: unknown;
}

/** @param documents the role's inline policies, as JSON */
export function allows(documents: readonly string[], { action, resource }: LogCall, calling: Calling = {}): boolean {
  const statements = documents.flatMap((document) => {
    const { Statement = [] } = JSON.parse(document) as { Statement?: Statement | Statement[] };
    return [Statement].flat();
  });
  const covers = ({ Action = [], Resource = [] }: Statement) =>
    [Action].flat().some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    [Resource].flat().some((pattern) => matches(pattern, resource));
  const denies = (statement: Statement) =>
    statement.Effect !== "Allow" && (covers(statement) || "NotAction" in statement || "NotResource" in statement);
  if (statements.some(denies)) return false;
  const applies = (statement: Statement) => !("Condition" in statement) || holds(statement.Condition, calling);
  return statements.some((statement) => applies(statement) && covers(statement));
}

/** One test of the caller's id and nothing else; what is written in any other way is not judged, and holds not. */
function holds(condition: unknown, { userId }: Calling): boolean {
  const [[operator, keys] = [], ...others] = Object.entries(objectOf(condition));
  const [[key = "", wanted] = [], ...more] = Object.entries(objectOf(keys));
  if (userId === undefined || others.length > 0 || more.length > 0 || key.toLowerCase() !== "aws:userid") return false;
  const values = [wanted].flat().filter((value) => typeof value === "string");
  // A variable would be filled in by IAM, and is not here.
  if (values.some((value) => value.includes("${"))) return false;
  if (operator === "StringEquals") return values.includes(userId);
  return operator === "StringLike" && values.some((value) => matches(value, userId));
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function matches(pattern: string, value: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(value);
}
