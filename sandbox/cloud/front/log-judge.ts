/**
 * Whether a role's inline policies allow a call of CloudWatch Logs: the emulator keeps logs and judges nothing. A judge of
 * the sandbox's own, apart from verify's. What it cannot judge it does not allow: conditions, and statements by exception.
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

interface Statement {
  Effect?: string;
  Action?: string | string[];
  Resource?: string | string[];
  [other: string]: unknown;
}

/** @param documents the role's inline policies, as JSON */
export function allows(documents: readonly string[], { action, resource }: LogCall): boolean {
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
  return statements.some((statement) => !("Condition" in statement) && covers(statement));
}

function matches(pattern: string, value: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(value);
}
