/** Decides one call and records the decision: for the interceptor, and for what the region does in somebody's name. */
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type AuditEntry, type AuditSink, record, requestIdOf, resourceOf } from "./audit.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Caller, Identified } from "./caller.ts";
import { requireKind, requireNamed, requireOwnSignIn, requireSomewhere } from "./decide.ts";
import type { Rule } from "./rule.ts";
import { ruleOf } from "./rules.ts";

export interface Call {
  /** What the caller may do. */
  authorize: Authorizer;
  /** Keeps what was decided. */
  audit: AuditSink;
  rule: Rule | undefined;
  identified: Identified;
  /** Service and method, as on the wire. */
  service: string;
  method: string;
  header: Headers;
}

/** A change is recorded before it is made: a process that is killed in its midst leaves a record, never none. */
export async function admit(call: Call, message: Message): Promise<Caller> {
  const caller = await recordingDenials(call, message, () => decide(call, message));
  if (isRecorded(call.rule, caller)) await keep(call, message, "allowed", "");
  return caller;
}

/**
 * Admits, works, and answers once both are done. Where only the answer could change anything the record is kept beside
 * the work, which saves its time: a process that is killed before the record is kept has handed out nothing.
 */
export async function answerOnceRecorded<T>(
  call: Call,
  message: Message,
  work: (caller: Caller) => Promise<T>,
): Promise<T> {
  const caller = await recordingDenials(call, message, () => decide(call, message));
  const kept = isRecorded(call.rule, caller) ? keep(call, message, "allowed", "") : undefined;
  if (!changesByAnswer(call.rule)) await kept;
  const [answer] = await Promise.all([recordingDenials(call, message, () => work(caller)), kept]);
  return answer;
}

function changesByAnswer(rule: Rule | undefined): boolean {
  return rule?.who === "permitted" && rule.changes === "by-answer";
}

/** Changes of everybody; of staff whatever they call. */
function isRecorded(rule: Rule | undefined, { kind }: Caller): boolean {
  if (rule?.who === "permitted" || rule?.who === "in-person") return rule.changes !== false || kind === "staff";
  return rule?.who === "signed-in" && kind === "staff" && !rule.internal;
}

/**
 * For what nobody calls at that moment, such as a trigger's run: the same rule on the same request, recorded alike.
 * @throws permission_denied, recorded; unavailable where nobody can say or the record cannot be kept.
 */
export async function admitInTheNameOf(
  { authorize, audit }: Pick<Call, "authorize" | "audit">,
  author: Pick<Identified, "org" | "subject" | "kind">,
  { method, message, requestId }: { method: DescMethod; message: Message; requestId: string },
): Promise<Caller> {
  const service = method.parent.typeName;
  const rule = ruleOf(service, method.name);
  const header = new Headers({ "x-request-id": requestId });
  // There is no token: what it would say of a role counts for nothing beside what was assigned.
  const identified: Identified = { ...author, role: "none", token: "" };
  return admit({ authorize, audit, rule, identified, service, method: method.name, header }, message);
}

export async function decide({ authorize, rule, identified, method, header }: Call, message: Message): Promise<Caller> {
  requireKind(rule, identified, method);
  const caller = { ...identified, ...(await authorize(identified, header)) };
  requireOwnSignIn(rule, caller, method);
  requireSomewhere(rule, caller, method);
  requireNamed(rule, caller, message, method);
  return caller;
}

/** Of this decision, and of what the service itself finds to be another's. */
export async function recordingDenials<T>(call: Call, message: Message, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    if (code === Code.PermissionDenied) await keep(call, message, "denied", rawMessage);
    throw error;
  }
}

async function keep(call: Call, message: Message, decision: AuditEntry["decision"], reason: string): Promise<void> {
  const { audit, rule, identified, service, method, header } = call;
  await record(audit, identified, {
    operation: `${service}/${method}`,
    resource: rule ? resourceUnder(rule, message) : "",
    decision,
    reason,
    requestId: requestIdOf(header.get("x-request-id")),
  });
}

function resourceUnder(rule: Rule, message: Message): string {
  if (rule.who === "permitted") return resourceOf(rule.named(message));
  return rule.who === "in-person" ? rule.named(message).slice(0, 512) : "";
}
