/** Authenticates, authorizes and records every RPC before its code runs, and asks again while a stream lasts. */
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { admit, answerOnceRecorded, type Call, decide, recordingDenials } from "./admit.ts";
import { callerKey } from "./caller.ts";
import { peeked } from "./peek.ts";
import { ruleOf } from "./rules.ts";
import type { TokenVerifier } from "./verifier.ts";
import { type Times, whileAllowed } from "./while-allowed.ts";

export interface AuthParts extends Pick<Call, "authorize" | "audit"> {
  /** Who calls. */
  verify: TokenVerifier;
  /** How often a stream's caller is asked about again. @default see while-allowed.ts */
  again?: Times;
}

export function authInterceptor(parts: AuthParts): Interceptor {
  return (next) => async (request) => {
    const [service, method] = [request.service.typeName, request.method.name];
    const rule = ruleOf(service, method);
    if (rule?.who === "anyone") return next(request);
    const identified = await parts.verify(request.header.get("authorization"));
    const call: Call = { ...parts, rule, identified, service, method, header: request.header };
    if (!request.stream) {
      return answerOnceRecorded(call, request.message, (caller) => {
        request.contextValues.set(callerKey, caller);
        return next(request);
      });
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
