/** OAuth2 token endpoint (RFC 6749): client credentials, by HTTP Basic or in the form. */
import { timingSafeEqual } from "node:crypto";
import { sha256 } from "../../shared/bootstrap.ts";
import { answerJson, type HttpRequest, type HttpResponse } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import type { ApplicationStore } from "./applications.ts";
import { type Signer, tokenLifetime } from "./signing.ts";

const maxFormBytes = 16 * 1024;
/** Compared where there is no application, so that a wrong id takes as long as a wrong secret. */
const nobody = sha256("");

export interface TokenEndpointDeps {
  issuer: string;
  applications: ApplicationStore;
  signer: Signer;
  log: Logger;
}

/** An answer of the endpoint that is no token. */
interface Refused {
  status: number;
  error: "invalid_request" | "invalid_client" | "unsupported_grant_type" | "invalid_target" | "temporarily_unavailable";
  description: string;
}

export async function tokenEndpoint(deps: TokenEndpointDeps, request: HttpRequest, response: HttpResponse) {
  const answer = await issueToken(deps, request).catch((error: unknown): Refused => {
    deps.log.error("a token could not be issued", { error });
    return { status: 503, error: "temporarily_unavailable", description: "try again" };
  });
  if (!("error" in answer)) return answerJson(response, 200, answer);
  const { status, error, description } = answer;
  if (status === 401) response.setHeader("www-authenticate", 'Basic realm="biplane"');
  answerJson(response, status, { error, error_description: description });
}

async function issueToken({ issuer, applications, signer, log }: TokenEndpointDeps, request: HttpRequest) {
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
  const application = await applications.find(credentials.clientId);
  const same = timingSafeEqual(sha256(credentials.secret), application?.secretSha256 ?? nobody);
  if (!application || !same) {
    log.warn("a sign-in was refused", { clientId: credentials.clientId.slice(0, 128) });
    return refused(401, "invalid_client", "the client's id or secret is wrong");
  }
  const scope = form.get("scope") ?? "all";
  return { access_token: await signer.sign(application), token_type: "Bearer", expires_in: tokenLifetime, scope };
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

interface Credentials {
  clientId: string;
  secret: string;
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
