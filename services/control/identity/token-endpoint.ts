/** OAuth2 token endpoint (RFC 6749): client credentials, by HTTP Basic or in the form. */
import { sourceHeader } from "../../shared/headers.ts";
import { answerJson, type HttpRequest, type HttpResponse } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import type { Credentials } from "./credentials.ts";
import { type SignIn, tooManyTries } from "./sign-in.ts";
import { type Signer, tokenLifetime } from "./signing.ts";

const maxFormBytes = 16 * 1024;

export interface TokenEndpointDeps {
  issuer: string;
  signIn: SignIn;
  signer: Signer;
  log: Logger;
}

/** An answer of the endpoint that is no token. */
interface Refused {
  status: number;
  error: "invalid_request" | "invalid_client" | "unsupported_grant_type" | "invalid_target" | "temporarily_unavailable";
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

async function issueToken({ issuer, signIn, signer }: TokenEndpointDeps, request: HttpRequest) {
  if (request.method !== "POST") return refused(405, "invalid_request", "use POST");
  const form = await readForm(request);
  if (!form) return refused(400, "invalid_request", `send a form of at most ${maxFormBytes} bytes`);
  if (form.get("grant_type") !== "client_credentials") {
    return refused(400, "unsupported_grant_type", "allowed: client_credentials");
  }
  const audience = form.get("audience");
  if (audience && audience !== issuer) return refused(400, "invalid_target", `allowed audience: ${issuer}`);
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
  return { access_token: token, token_type: "Bearer", expires_in: tokenLifetime, scope };
}

function sourceOf(request: HttpRequest): string {
  return String(request.headers[sourceHeader] ?? "");
}

function refused(status: number, error: Refused["error"], description: string): Refused {
  return { status, error, description };
}

async function readForm(request: HttpRequest): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxFormBytes) return undefined;
    chunks.push(chunk);
  }
  const type = request.headers["content-type"] ?? "";
  return type.startsWith("application/x-www-form-urlencoded")
    ? new URLSearchParams(Buffer.concat(chunks).toString("utf8"))
    : undefined;
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
