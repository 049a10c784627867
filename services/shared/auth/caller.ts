/** Who calls, as the verified token says. Never read from a message. */
import { Code, ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { denied } from "../errors.ts";

export const userRoles = ["admin", "contributor", "viewer", "task"] as const;
export const roles = [...userRoles, "cluster"] as const;
export type Role = (typeof roles)[number];

export interface Caller {
  readonly org: string;
  readonly subject: string;
  readonly kind: "user" | "application" | "cluster";
  readonly role: Role;
  /** The compute plane; set exactly where role is "cluster". */
  readonly cluster?: string;
  /** The token itself, to be passed on to services that verify it again. Never logged, never stored. */
  readonly token: string;
}

function nobody(): never {
  throw new ConnectError("this call was not authenticated", Code.Unauthenticated);
}

/** The default refuses, so that a service that forgets the interceptor serves nobody. */
const refusing: Caller = {
  get org() {
    return nobody();
  },
  get subject() {
    return nobody();
  },
  get kind() {
    return nobody();
  },
  get role() {
    return nobody();
  },
  get cluster() {
    return nobody();
  },
  get token() {
    return nobody();
  },
};

export const callerKey = createContextKey<Caller>(refusing, { description: "the verified caller" });

export function callerOf(context: Pick<HandlerContext, "values">): Caller {
  return context.values.get(callerKey);
}

/** Headers that pass the caller's own token to a service that verifies it again. */
export function forwardToken(caller: Caller): { authorization: string } {
  return { authorization: `Bearer ${caller.token}` };
}

/**
 * A client names its organisation in most messages. The name is compared, never trusted; an empty one means its own.
 * @throws permission_denied, alike whether the other organisation exists or not.
 */
export function requireOwnOrg(caller: Caller, named: string | undefined): void {
  if (named && named !== caller.org) throw denied("the request names an organisation that is not the caller's");
}
