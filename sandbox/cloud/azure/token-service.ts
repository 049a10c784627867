/**
 * Entra's tokens for pods, by a federated credential: a token of the customer's cluster, which its published keys verify, is
 * traded for one of the managed identity that trusts this very subject. Its own tokens are JWTs, as Entra's are.
 * Source: Microsoft identity platform, "client credentials flow", access token request with a federated credential.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify, SignJWT } from "jose";
import { json, type Reply } from "../google/answers.ts";
import type { Entries } from "../google/rights.ts";

export interface Tenant {
  id: string;
  /** Of the cluster's tokens. */
  issuer: string;
  /** Its published keys, undefined as long as there are none. */
  keys(): JSONWebKeySet | undefined;
  /** Signs and verifies the tokens that are given. */
  secret: Uint8Array;
}

const lifeSeconds = 3_600;
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const resources = [
  "https://storage.azure.com",
  "https://vault.azure.net",
  "https://api.loganalytics.io",
  "https://management.azure.com",
];

export async function tradeToken(fields: Record<string, unknown>, tenant: Tenant, entries: Entries): Promise<Reply> {
  const asked = (name: string) => String(fields[name] ?? "");
  if (asked("grant_type") !== "client_credentials" || asked("client_assertion_type") !== assertionType) {
    return refused(400, "unsupported_grant_type", "AADSTS70003: the grant or the kind of assertion is another");
  }
  const resource = asked("scope").replace(/\/\.default$/, "");
  if (!resources.includes(resource)) return refused(400, "invalid_scope", "AADSTS70011: the scope is another");
  const identity = identityOf(entries, asked("client_id"));
  if (!identity) return refused(400, "unauthorized_client", "AADSTS700016: no application has this client id");
  const keys = tenant.keys();
  if (!keys) return refused(401, "invalid_client", "AADSTS50166: the cluster has published no keys");
  try {
    const { payload } = await jwtVerify(asked("client_assertion"), createLocalJWKSet(keys), {
      issuer: tenant.issuer,
      requiredClaims: ["exp", "sub", "aud"],
    });
    if (!trusts(entries, identity.path, payload)) {
      const said = `subject '${payload.sub}', issuer '${payload.iss}'`;
      return refused(401, "invalid_client", `AADSTS700213: No matching federated identity record found for ${said}`);
    }
    const token = await new SignJWT({ oid: identity.principal, tid: tenant.id, appid: asked("client_id"), ver: "1.0" })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer(`https://sts.windows.net/${tenant.id}/`)
      .setAudience(resource)
      .setIssuedAt()
      .setNotBefore("-5m")
      .setExpirationTime(`${lifeSeconds}s`)
      .sign(tenant.secret);
    return json({ token_type: "Bearer", expires_in: lifeSeconds, access_token: token });
  } catch (error) {
    if (error instanceof errors.JOSEError) return refused(401, "invalid_client", `AADSTS700211: ${error.message}`);
    throw error;
  }
}

/** @returns object id of who has the token; undefined for one that is none, is over, or is for another resource */
export async function principalOf(token: string, resource: string, tenant: Tenant): Promise<string | undefined> {
  try {
    const checked = { issuer: `https://sts.windows.net/${tenant.id}/`, audience: resource };
    const { payload } = await jwtVerify(token, tenant.secret, { ...checked, algorithms: ["HS256"] });
    return typeof payload.oid === "string" ? payload.oid : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function identityOf(entries: Entries, clientId: string): { path: string; principal: string } | undefined {
  const found = Object.entries(entries).find(([, { type, outputs, destroyed }]) => {
    return type === "azure-native:managedidentity:UserAssignedIdentity" && !destroyed && outputs.clientId === clientId;
  });
  return found && { path: found[0], principal: String(found[1].outputs.principalId) };
}

function trusts(
  entries: Entries,
  identity: string,
  { iss, sub, aud }: { iss?: string; sub?: string; aud?: string | string[] },
): boolean {
  const audiences = [aud ?? []].flat();
  return Object.entries(entries).some(([path, { inputs, destroyed }]) => {
    const isOwn = path.startsWith(`${identity}/federatedIdentityCredentials/`) && !destroyed;
    const wanted = Array.isArray(inputs.audiences) ? inputs.audiences.map(String) : [];
    return isOwn && inputs.issuer === iss && inputs.subject === sub && wanted.some((one) => audiences.includes(one));
  });
}

function refused(status: number, error: string, description: string): Reply {
  return json({ error, error_description: description }, status);
}
