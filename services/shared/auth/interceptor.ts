/** Authenticates, authorizes and records every RPC before its code runs, and asks again while a stream lasts. */
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import { type AuditEntry, type AuditSink, record, requestIdOf, resourceOf } from "./audit.ts";
import type { Authorizer } from "./authorizer.ts";
import { type Caller, callerKey, type Identified } from "./caller.ts";
import { requireKind, requireNamed, requireSomewhere } from "./decide.ts";
import { peeked } from "./peek.ts";
import type { Rule } from "./rule.ts";
import { ruleOf } from "./rules.ts";
import type { TokenVerifier } from "./verifier.ts";
import { type Times, whileAllowed } from "./while-allowed.ts";

export interface AuthParts {
  /** Who calls. */
  verify: TokenVerifier;
  /** What they may do. */
  authorize: Authorizer;
  /** Keeps what was decided. */
  audit: AuditSink;
  /** How often a stream's caller is asked about again. @default see while-allowed.ts */
  again?: Times;
}

export function authInterceptor(parts: AuthParts): Interceptor {
  return (next) => async (request) => {
    const rule = ruleOf(request.service.typeName, request.method.name);
    if (rule?.who === "anyone") return next(request);
    const identified = await parts.verify(request.header.get("authorization"));
    const call: Call = { parts, rule, identified, request };
    if (!request.stream) {
      request.contextValues.set(callerKey, await admit(call, request.message));
      return recordingDenials(call, request.message, () => next(request));
    }
    const { first, all } = await peeked(request.message);
    if (first === undefined) throw new ConnectError("the request has no message", Code.InvalidArgument);
    request.contextValues.set(callerKey, await admit(call, first));
    const response = await next({ ...request, message: all });
    if (!response.stream || rule?.who === "cluster") return response;
    const allowed = async () => {
      request.contextValues.set(callerKey, await recordingDenials(call, first, () => decide(call, first)));
    };
    return { ...response, message: whileAllowed(response.message, allowed, request.signal, parts.again) };
  };
}

interface Call {
  parts: AuthParts;
  rule: Rule | undefined;
  identified: Identified;
  request: UnaryRequest | StreamRequest;
}

/** A change is recorded before it is made: a process that is killed in its midst leaves a record, never none. */
async function admit(call: Call, message: Message): Promise<Caller> {
  const caller = await recordingDenials(call, message, () => decide(call, message));
  const { rule } = call;
  if ((rule?.who === "permitted" || rule?.who === "in-person") && rule.changes)
    await keep(call, message, "allowed", "");
  return caller;
}

async function decide({ parts, rule, identified, request }: Call, message: Message): Promise<Caller> {
  const method = request.method.name;
  requireKind(rule, identified, method);
  const caller = { ...identified, ...(await parts.authorize(identified, request.header)) };
  requireSomewhere(rule, caller, method);
  requireNamed(rule, caller, message, method);
  return caller;
}

/** Of this decision, and of what the service itself finds to be another's. */
async function recordingDenials<T>(call: Call, message: Message, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    if (code === Code.PermissionDenied) await keep(call, message, "denied", rawMessage);
    throw error;
  }
}

async function keep(call: Call, message: Message, decision: AuditEntry["decision"], reason: string): Promise<void> {
  const { parts, rule, identified, request } = call;
  await record(parts.audit, identified, {
    operation: `${request.service.typeName}/${request.method.name}`,
    resource: rule ? resourceUnder(rule, message) : "",
    decision,
    reason,
    requestId: requestIdOf(request.header.get("x-request-id")),
  });
}

function resourceUnder(rule: Rule, message: Message): string {
  if (rule.who === "permitted") return resourceOf(rule.named(message));
  return rule.who === "in-person" ? rule.named(message).slice(0, 512) : "";
}
