/** Authenticates and authorizes every RPC before its code runs. */
import type { Interceptor } from "@connectrpc/connect";
import { denied } from "../errors.ts";
import { callerKey } from "./caller.ts";
import { allowedRoles } from "./rights.ts";
import type { TokenVerifier } from "./verifier.ts";

export function authInterceptor(verify: TokenVerifier): Interceptor {
  return (next) => async (request) => {
    const allowed = allowedRoles(request.service.typeName, request.method.name);
    if (allowed === "anyone") return next(request);
    const caller = await verify(request.header.get("authorization"));
    if (!allowed.includes(caller.role)) {
      throw denied(`the role ${caller.role} may not call ${request.method.name}`);
    }
    request.contextValues.set(callerKey, caller);
    return next(request);
  };
}
