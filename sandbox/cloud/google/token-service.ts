/**
 * Google's STS for pods, as GKE's metadata server calls it: the cluster's own token of a service account, which the cluster's
 * published keys verify, becomes an access token of that Kubernetes service account, and of nobody else.
 * Source: "Workload Identity Federation for GKE", and STS's method `token`.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { json, problem, type Reply } from "./answers.ts";
import type { Tokens } from "./tokens.ts";

export interface Pool {
  /** `PROJECT.svc.id.goog`: the audience of tokens too. */
  name: string;
  /** Of the cluster's tokens. */
  issuer: string;
  /** Its published keys, undefined as long as there are none. */
  keys(): JSONWebKeySet | undefined;
}

const lifeSeconds = 3_600;
const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const subject = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/;

export async function exchangeToken(fields: Record<string, unknown>, pool: Pool, tokens: Tokens): Promise<Reply> {
  const asked = (name: string) =>
    String(fields[name] ?? fields[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] ?? "");
  if (asked("grantType") !== exchange) return refused("unsupported_grant_type", "the grant type is another");
  if (!asked("audience").startsWith(`identitynamespace:${pool.name}:`)) {
    return refused("invalid_target", `the audience is none of identitynamespace:${pool.name}`);
  }
  const keys = pool.keys();
  if (!keys) return refused("invalid_grant", "the cluster has published no keys");
  try {
    const verified = await jwtVerify(asked("subjectToken"), createLocalJWKSet(keys), {
      issuer: pool.issuer,
      audience: pool.name,
      requiredClaims: ["exp", "sub"],
    });
    const [, namespace, account] = subject.exec(verified.payload.sub ?? "") ?? [];
    if (!namespace || !account) return refused("invalid_grant", "the token is no service account's");
    const { token } = tokens.issue(podPrincipal(pool.name, namespace, account), lifeSeconds);
    return json({
      access_token: token,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: lifeSeconds,
    });
  } catch (error) {
    if (error instanceof errors.JOSEError) return refused("invalid_grant", error.message);
    throw error;
  }
}

/** As allow policies name it. */
export function podPrincipal(pool: string, namespace: string, account: string): string {
  return `serviceAccount:${pool}[${namespace}/${account}]`;
}

function refused(error: string, description: string): Reply {
  return { ...problem(400, description), body: JSON.stringify({ error, error_description: description }) };
}
