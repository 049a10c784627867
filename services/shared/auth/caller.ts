/** Who calls, as the verified token says. Never read from a message. */
import { Code, ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { denied } from "../errors.ts";
import type { Grant } from "./permissions.ts";

/** What a token says. Of users and applications it decides nothing but where a role of that name was assigned. */
export const userRoles = ["admin", "contributor", "viewer", "task", "none"] as const;
export const roles = [...userRoles, "cluster"] as const;
export type Role = (typeof roles)[number];

export const callerKinds = ["user", "application", "cluster", "staff"] as const;
export type CallerKind = (typeof callerKinds)[number];

/** As the token says. */
export interface Identified {
  readonly org: string;
  readonly subject: string;
  /** staff: of who runs the region, let in by the organisation for a while. */
  readonly kind: CallerKind;
  readonly role: Role;
  /** The compute plane; set exactly where role is "cluster". */
  readonly cluster?: string;
  /** Id of the API key that the token was given for: it is the owner's, and the key must still be in force. */
  readonly apiKey?: string;
  /** Id of the session that a person began by a browser: it must still be in force. */
  readonly session?: string;
  /** Serial number of the certificate that the compute plane came with. */
  readonly certificate?: string;
  /** The token itself, to be passed on to services that verify it again. Never logged, never stored. */
  readonly token: string;
}

/** What the caller may do at this moment. */
export interface Authority {
  readonly grants: readonly Grant[];
  /** The same, signed by Identity for a minute: a compute plane decides by it. */
  readonly statement?: string;
}

export type Caller = Identified & Authority;

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
  get apiKey() {
    return nobody();
  },
  get session() {
    return nobody();
  },
  get certificate() {
    return nobody();
  },
  get token() {
    return nobody();
  },
  get grants() {
    return nobody();
  },
  get statement() {
    return nobody();
  },
};

export const callerKey = createContextKey<Caller>(refusing, { description: "the verified caller" });

export function callerOf(context: Pick<HandlerContext, "values">): Caller {
  return context.values.get(callerKey);
}

/** Carries what Identity says of the caller to a compute plane. */
export const statementHeader = "biplane-grants";

/** Headers that pass the caller's own token, and what it may do, to a service that verifies both again. */
export function forwardToken({ token, statement }: Pick<Caller, "token" | "statement">): Record<string, string> {
  return { authorization: `Bearer ${token}`, ...(statement ? { [statementHeader]: statement } : {}) };
}

/**
 * A client names its organisation in most messages. The name is compared, never trusted; an empty one means its own.
 * @throws permission_denied, alike whether the other organisation exists or not.
 */
export function requireOwnOrg(caller: Pick<Caller, "org">, named: string | undefined): void {
  if (named && named !== caller.org) throw denied("the request names an organisation that is not the caller's");
}
