/** People who come from an app's host, to be signed in for that app alone, and go back to it. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Call } from "../../shared/auth/admit.ts";
import { sha256 } from "../../shared/bootstrap.ts";
import type { Database } from "../../shared/postgres.ts";
import { appAt, mayReach } from "../apps/reach.ts";
import { repeatedParameter } from "./forms.ts";
import { kindOf, type Person } from "./membership.ts";
import { codeLifetime } from "./session-rules.ts";
import type { SessionStore } from "./sessions.ts";
import type { SignInRecord } from "./sign-in-record.ts";

export const appSignInPath = "/oauth2/v1/app-sign-in";
/** Of every app's host; the gate answers it, and no app ever sees it. */
export const appReturnPath = "/.biplane/signed-in";

export interface AppSignInDeps extends Pick<Call, "authorize" | "audit"> {
  database: Database;
  sessions: Pick<SessionStore, "begin" | "revoke">;
  record: SignInRecord;
}

export const appPurposeSchema = z.object({
  for: z.literal("app"),
  /** Whole. */
  host: z.string(),
  state: z.string(),
  challenge: z.string(),
});
export type AppPurpose = z.output<typeof appPurposeSchema>;

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const hostPattern = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})+$`);

/** Only whether it is well-formed: whether there is such an app is told to nobody who has not signed in. Pure. */
export function readAppSignIn(query: URLSearchParams): { page: string } | { purpose: AppPurpose } {
  const twice = repeatedParameter(query);
  if (twice !== undefined) return { page: `The parameter ${twice.slice(0, 40)} is there twice.` };
  const [host = "", state = "", challenge = ""] = ["host", "state", "code_challenge"].map(
    (name) => query.get(name) ?? "",
  );
  const wellFormed = hostPattern.test(host) && /^[\w-]{22,128}$/.test(state) && /^[\w-]{43}$/.test(challenge);
  if (!wellFormed) return { page: "The address that sent you here is not an app's, or left something out." };
  return { purpose: { for: "app", host, state, challenge } };
}

/** @returns where the browser goes: to an app of the person's own organisation that they may reach, and to no other host. */
export function appSignIn({ database, sessions, authorize, audit, record }: AppSignInDeps) {
  return async (person: Person, purpose: AppPurpose): Promise<{ to: string } | { refused: string }> => {
    const { host, state, challenge } = purpose;
    const { org, subject } = person;
    const refused = `There is no app at ${host}, or ${subject} may not reach it. Ask your administrator.`;
    const app = await appAt(database, org, host);
    if (!app) return { refused };
    const code = randomBytes(32).toString("base64url");
    const kind = kindOf(person);
    await record({ org, subject, kind }, "sign-in/Begin", { resource: `app ${host}` });
    const session = await sessions.begin(person, {
      ...{ kind: "app-code", app: app.uid, sha256: sha256(code), challenge, lifetimeSeconds: codeLifetime },
    });
    // After it: what somebody may do is known once they have signed in.
    const identified = { org, subject, kind, role: "none", session, token: "" } as const;
    const may = await mayReach({ authorize, audit }, identified, { host, app });
    if (may !== "allowed") {
      await sessions.revoke(org, session);
      return { refused };
    }
    const back = new URL(`https://${host}${appReturnPath}`);
    back.searchParams.set("code", code);
    back.searchParams.set("state", state);
    return { to: back.href };
  };
}
