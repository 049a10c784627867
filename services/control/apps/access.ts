/** AppAccessService: who may reach an app of the calling plane. Of another plane's apps, and people, it learns nothing. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type {
  AppAccessService,
  CheckAccessRequest,
  CheckAccessResponseSchema,
} from "../../../gen/biplane/apps/v1/access_pb.js";
import { SpecSchema } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import type { AuthParts } from "../../shared/auth/interceptor.ts";
import { unauthenticated } from "../../shared/errors.ts";
import type { Database } from "../../shared/postgres.ts";
import { planeOf } from "../actions/compute-plane.ts";
import type { KeyExchange } from "../gateway/api-keys.ts";
import type { AppRow } from "../store/apps.ts";
import type { AppSessions } from "./app-sessions.ts";
import { appAt, mayReach } from "./reach.ts";

export interface AccessDeps extends AuthParts {
  database: Database;
  /** Of an API key for a token. */
  exchange: KeyExchange;
  sessions: AppSessions;
}

type Answer = MessageInitShape<typeof CheckAccessResponseSchema>;

/** A change is felt at an app after the first, and never later than the second, with what is kept on the way. */
const allowedFor = { askAgainSeconds: 10, believeSeconds: 45 };
/** So that what was granted just now works soon, and a refusal is not asked about at each of many requests. */
const refusedFor = { askAgainSeconds: 2, believeSeconds: 2 };

const signIn: Answer = { outcome: { case: "signIn", value: {} }, ...refusedFor };
const noSession = "the session is unknown, over, or another app's";

export function appAccessService(deps: AccessDeps): ServiceImpl<typeof AppAccessService> {
  const { database, sessions } = deps;
  const find = async (context: HandlerContext, host: string) => {
    const { org, cluster } = planeOf(context);
    const app = await appAt(database, org, host.toLowerCase());
    return { org, app: app?.cluster === cluster ? app : undefined };
  };
  return {
    async checkAccess(request, context) {
      const { org, app } = await find(context, request.host);
      const identified = await identify(deps, org, app, request);
      const open: Answer = { outcome: { case: "allowed", value: {} }, ...allowedFor };
      if (!identified) return isOpen(app) ? open : signIn;
      try {
        const requestId = context.requestHeader.get("x-request-id") ?? undefined;
        const may = await mayReach(deps, identified, { host: request.host, app, ...(requestId ? { requestId } : {}) });
        if (may === "allowed") {
          const { subject, kind } = identified;
          return { outcome: { case: "allowed", value: { subject, kind } }, ...allowedFor };
        }
        return isOpen(app) ? open : { outcome: { case: may, value: {} }, ...refusedFor };
      } catch (error) {
        if (isRefusal(error)) return isOpen(app) ? open : signIn;
        throw error;
      }
    },
    async finishSignIn({ host, code, verifier }, context) {
      const { org, app } = await find(context, host);
      if (!app) throw unauthenticated(noSession);
      const { session, lifetimeSeconds } = await sessions.begin({ org, app: app.uid, code, verifier });
      return { session, lifetimeSeconds };
    },
    async signOut({ host, session }, context) {
      const { org, app } = await find(context, host);
      if (app) await sessions.end({ org, app: app.uid, session });
      return {};
    },
  };
}

/** @returns undefined for whoever says nothing that counts here: no credential, one that is over, another organisation's. */
async function identify(
  { exchange, sessions, verify }: AccessDeps,
  org: string,
  app: AppRow | undefined,
  { credential, source }: CheckAccessRequest,
) {
  if (credential.case === undefined) return undefined;
  try {
    const authorization =
      credential.case === "bearer"
        ? await exchange(`Bearer ${credential.value}`, source.slice(0, 64))
        : app && (await sessions.exchange({ org, app: app.uid, session: credential.value }));
    if (authorization === undefined) return undefined;
    const identified = await verify(authorization);
    return identified.org === org && identified.kind !== "cluster" ? identified : undefined;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Too many wrong tries are refused as one wrong try is: whoever waits is told nothing either. */
function isRefusal(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.Unauthenticated || code === Code.ResourceExhausted;
}

function isOpen(app: AppRow | undefined): boolean {
  return app !== undefined && fromBinary(SpecSchema, app.spec).securityContext?.allowAnonymous === true;
}
