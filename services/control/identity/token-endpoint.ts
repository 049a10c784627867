/** OAuth2 token endpoint (RFC 6749): client credentials, by HTTP Basic or in the form; what people sign in with. */
import { answerJson, type HttpRequest, type HttpResponse } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import type { Credentials } from "./credentials.ts";
import { maxFormBytes, readForm, repeatedParameter, sourceOf } from "./forms.ts";
import { type Granted, isSessionGrant, type SessionGrantType, sessionGrantTypes } from "./session-grants.ts";
import { type SignIn, tooManyTries } from "./sign-in.ts";
import { type Signer, tokenLifetime } from "./signing.ts";

export interface TokenEndpointDeps {
  issuer: string;
  signIn: SignIn;
  /** @default people cannot sign in here */
  people?: ((type: SessionGrantType, form: URLSearchParams) => Promise<Granted>) | undefined;
  signer: Signer;
  log: Logger;
}

/** An answer of the endpoint that is no token. */
interface Refused {
  status: number;
  error:
    | Extract<Granted, { error: unknown }>["error"]
    | "unsupported_grant_type"
    | "invalid_target"
    | "temporarily_unavailable";
  description: string;
  retryAfterSeconds?: number;
}

export async function tokenEndpoint(deps: TokenEndpointDeps, request: HttpRequest, response: HttpResponse) {
  const answer = await issueToken(deps, request).catch((error: unknown): Refused => {
    deps.log.error("a token could not be issued", { error });
    return { status: 503, error: "temporarily_unavailable", description: "try again" };
  });
  if (!("error" in answer)) return answerJson(response, 200, answer);
  const { status, error, description, retryAfterSeconds } = answer;
  if (status === 401) response.setHeader("www-authenticate", 'Basic realm="biplane"');
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", String(retryAfterSeconds));
  answerJson(response, status, { error, error_description: description });
}

async function issueToken({ issuer, signIn, people, signer }: TokenEndpointDeps, request: HttpRequest) {
  if (request.method !== "POST") return refused(405, "invalid_request", "use POST");
  const form = await readForm(request);
  if (!form) return refused(400, "invalid_request", `send a form of at most ${maxFormBytes} bytes`);
  const twice = repeatedParameter(form);
  if (twice !== undefined) return refused(400, "invalid_request", `${twice.slice(0, 40)} is there twice`);
  const type = form.get("grant_type");
  if (type !== "client_credentials" && !(people && isSessionGrant(type))) {
    const allowed = ["client_credentials", ...(people ? sessionGrantTypes : [])];
    return refused(400, "unsupported_grant_type", `allowed: ${allowed.join(", ")}`);
  }
  const audience = form.get("audience");
  if (audience && audience !== issuer) return refused(400, "invalid_target", `allowed audience: ${issuer}`);
  if (people && isSessionGrant(type)) {
    const granted = await people(type, form);
    if ("error" in granted) {
      return refused(granted.error === "invalid_client" ? 401 : 400, granted.error, granted.description);
    }
    const refresh = granted.refreshToken === undefined ? {} : { refresh_token: granted.refreshToken };
    return { access_token: await signer.sign(granted.holder), ...bearer, ...refresh, scope: "all" };
  }
  const credentials = basicCredentials(request.headers.authorization) ?? formCredentials(form);
  if (!credentials) return refused(401, "invalid_client", "send the client's id and secret");
  const outcome = await signIn(credentials, sourceOf(request));
  if ("waitSeconds" in outcome) {
    const { waitSeconds } = outcome;
    // Not "slow_down": clients take that for a device that polls, and say nothing of why.
    return { ...refused(429, "temporarily_unavailable", tooManyTries(waitSeconds)), retryAfterSeconds: waitSeconds };
  }
  if ("wrong" in outcome) return refused(401, "invalid_client", "the client's id or secret is wrong");
  const scope = form.get("scope") ?? "all";
  const token = await signer.sign(outcome.holder);
  return { access_token: token, ...bearer, scope };
}

const bearer = { token_type: "Bearer", expires_in: tokenLifetime } as const;

function refused(status: number, error: Refused["error"], description: string): Refused {
  return { status, error, description };
}

/** RFC 6749 2.3.1: both halves are form-encoded before base64, which the Flyte client does too. */
function basicCredentials(header: string | undefined): Credentials | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? "")?.[1];
  if (!encoded) return undefined;
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString("utf8")) ?? [];
  const clientId = formDecode(id);
  const clientSecret = formDecode(secret);
  return clientId && clientSecret ? { clientId, secret: clientSecret } : undefined;
}

function formCredentials(form: URLSearchParams): Credentials | undefined {
  const clientId = form.get("client_id");
  const secret = form.get("client_secret");
  return clientId && secret ? { clientId, secret } : undefined;
}

function formDecode(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // A stray "%": not what a client that follows the RFC sends; refused like any wrong secret.
    return undefined;
  }
}
