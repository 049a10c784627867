/** What the token endpoint does for people: codes, devices' codes and refresh tokens become access tokens. */
import { randomBytes } from "node:crypto";
import { sha256 } from "../../shared/bootstrap.ts";
import type { Logger } from "../../shared/log.ts";
import type { Holder } from "./applications.ts";
import type { DeviceState, DeviceStore } from "./device-requests.ts";
import { publicClientOf } from "./public-client.ts";
import { codeHash, type SecretKind } from "./session-rules.ts";
import type { SessionStore } from "./sessions.ts";
import type { SignInRecord } from "./sign-in-record.ts";

export interface SessionGrantDeps {
  issuer: string;
  sessions: Pick<SessionStore, "exchange">;
  devices: Pick<DeviceStore, "poll">;
  record: SignInRecord;
  log: Logger;
}

export type Granted =
  /** No refresh token for a client that does not stay signed in. */
  | { holder: Holder; refreshToken?: string }
  | {
      error: "invalid_request" | "invalid_client" | "invalid_grant" | "unauthorized_client" | DeviceState;
      description: string;
    };

export const sessionGrantTypes = [
  "authorization_code",
  "refresh_token",
  "urn:ietf:params:oauth:grant-type:device_code",
] as const;
export type SessionGrantType = (typeof sessionGrantTypes)[number];

export const isSessionGrant = (type: string | null): type is SessionGrantType =>
  sessionGrantTypes.some((known) => known === type);

const shownAs: Record<SessionGrantType, { kind: SecretKind; field: string }> = {
  authorization_code: { kind: "code", field: "code" },
  refresh_token: { kind: "refresh", field: "refresh_token" },
  "urn:ietf:params:oauth:grant-type:device_code": { kind: "device", field: "device_code" },
};

const deviceAnswers: Record<DeviceState, string> = {
  authorization_pending: "nobody has decided yet",
  slow_down: "ask five seconds less often",
  access_denied: "the person refused",
  expired_token: "nobody decided in time",
};

export function sessionGrants({ issuer, sessions, devices, record, log }: SessionGrantDeps) {
  return async (type: SessionGrantType, form: URLSearchParams): Promise<Granted> => {
    const { kind, field } = shownAs[type];
    const secret = form.get(field);
    if (!secret) return { error: "invalid_request", description: `${field} is missing` };
    const client = publicClientOf(form.get("client_id"), issuer);
    if (!client) return { error: "invalid_client", description: "the client is not known" };
    if (kind !== "code" && !client.staysSignedIn) {
      return { error: "unauthorized_client", description: "this client is given tokens by a code alone" };
    }
    if (kind === "code" && form.get("redirect_uri") !== client.redirectUri) {
      return { error: "invalid_grant", description: "the code was given for another redirect_uri" };
    }
    const refreshToken = client.staysSignedIn ? randomBytes(32).toString("base64url") : undefined;
    const shownSha256 = kind === "code" ? codeHash(client, secret) : sha256(secret);
    const exchange = await sessions.exchange({
      kind,
      sha256: shownSha256,
      verifier: form.get("code_verifier") ?? "",
      ...(refreshToken === undefined ? {} : { nextSha256: sha256(refreshToken) }),
    });
    if (exchange.verdict === "unknown") {
      const state = kind === "device" ? await devices.poll(sha256(secret)) : undefined;
      if (state !== undefined) return { error: state, description: deviceAnswers[state] };
      return { error: "invalid_grant", description: "it is unknown, or over" };
    }
    const { verdict, holder } = exchange;
    if (verdict === "good") return { holder, ...(refreshToken === undefined ? {} : { refreshToken }) };
    if (verdict === "replayed" || verdict === "mismatched") {
      const reason = verdict === "replayed" ? "it was exchanged before" : "the verifier is not that of the code";
      log.warn("a session was ended, since what gives it may be in other hands", { org: holder.org, kind, reason });
      await record(holder, "sign-in/Replay", { resource: kind, decision: "denied", reason });
    }
    return { error: "invalid_grant", description: "it is unknown, or over" };
  };
}
