/** The real oidc-provider on loopback, under the name that it has behind TLS: where Okta stands in production. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import Provider, { type JWK } from "oidc-provider";

export interface Account {
  email: string;
  emailVerified: boolean;
  groups: string[];
}

export interface LoginProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Asks it, whatever is asked of `issuer`. */
  fetch: typeof fetch;
  stop(): Promise<void>;
}

/** @param accounts by login; any password does. @param redirectUri of its one client. */
export async function startLoginProvider(
  accounts: Readonly<Record<string, Account>>,
  redirectUri: string,
): Promise<LoginProvider> {
  const issuer = "https://login.biplane.test";
  const clientId = "region";
  const clientSecret = randomBytes(24).toString("hex");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key: JWK = { ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "1", kty: "EC" };
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        response_types: ["code"],
        grant_types: ["authorization_code"],
        id_token_signed_response_alg: "ES256",
      },
    ],
    cookies: { keys: [randomBytes(16).toString("hex")] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
    findAccount(_context, id) {
      const account = accounts[id];
      if (!account) return undefined;
      const { email, emailVerified, groups } = account;
      return { accountId: id, claims: () => ({ sub: id, email, email_verified: emailVerified, groups }) };
    },
    pkce: { required: () => true },
  });
  provider.proxy = true;
  const server = provider.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    issuer,
    clientId,
    clientSecret,
    fetch(input, options) {
      const asked = new URL(input instanceof Request ? input.url : input);
      if (asked.origin !== issuer) throw new Error(`only ${issuer} is reached, not ${asked.origin}`);
      const headers = new Headers(options?.headers);
      headers.set("x-forwarded-proto", "https");
      headers.set("x-forwarded-host", asked.host);
      return fetch(`http://127.0.0.1:${port}${asked.pathname}${asked.search}`, { ...options, headers });
    },
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
