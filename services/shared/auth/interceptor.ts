/** Authenticates and authorizes every RPC before its code runs, and every stream again while it lasts. */
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Authorizer } from "./authorizer.ts";
import { type Caller, callerKey } from "./caller.ts";
import { requireKind, requireNamed, requireSomewhere } from "./decide.ts";
import { peeked } from "./peek.ts";
import { ruleOf } from "./rules.ts";
import type { TokenVerifier } from "./verifier.ts";
import { type Times, whileAllowed } from "./while-allowed.ts";

export interface AuthParts {
  /** Who calls. */
  verify: TokenVerifier;
  /** What they may do. */
  authorize: Authorizer;
  /** How often a stream's caller is asked about again. @default see while-allowed.ts */
  again?: Times;
}

export function authInterceptor({ verify, authorize, again }: AuthParts): Interceptor {
  return (next) => async (request) => {
    const method = request.method.name;
    const rule = ruleOf(request.service.typeName, method);
    if (rule?.who === "anyone") return next(request);
    const identified = await verify(request.header.get("authorization"));
    requireKind(rule, identified, method);
    const decide = async (message: Message): Promise<Caller> => {
      const caller = { ...identified, ...(await authorize(identified, request.header)) };
      requireSomewhere(rule, caller, method);
      requireNamed(rule, caller, message, method);
      return caller;
    };
    if (!request.stream) {
      request.contextValues.set(callerKey, await decide(request.message));
      return next(request);
    }
    const { first, all } = await peeked(request.message);
    if (first === undefined) throw new ConnectError("the request has no message", Code.InvalidArgument);
    const allowed = async () => void request.contextValues.set(callerKey, await decide(first));
    await allowed();
    const response = await next({ ...request, message: all });
    if (!response.stream || rule.who === "cluster") return response;
    return { ...response, message: whileAllowed(response.message, allowed, request.signal, again) };
  };
}
