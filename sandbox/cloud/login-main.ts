/** The identity provider's process: oidc-provider on loopback. Argument: its configuration file, mode 0600. */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import Provider, { type JWK } from "oidc-provider";
import { writePrivate } from "./secret-file.ts";

export interface LoginConfig {
  issuer: string;
  port: number;
  cookieSecret: string;
  /** The one resource that access tokens are for. */
  audience: string;
  /** Made at the first start. */
  keysFile: string;
  clients: { org: string; clientId: string; clientSecret: string }[];
}

const tokenSeconds = 15 * 60;

const config = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as LoginConfig;
const orgs = new Map(config.clients.map(({ clientId, org }) => [clientId, org]));

const provider = new Provider(config.issuer, {
  jwks: { keys: [signingKey(config.keysFile)] },
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  cookies: { keys: [config.cookieSecret] },
  clients: config.clients.map(({ clientId, clientSecret }) => ({
    client_id: clientId,
    client_secret: clientSecret,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
  })),
  extraTokenClaims: (_context, token) => ({ org: orgs.get(token.clientId ?? "") }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => config.audience,
      getResourceServerInfo: () => ({
        scope: "",
        audience: config.audience,
        accessTokenTTL: tokenSeconds,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});
// The front ends TLS and says so in x-forwarded-proto.
provider.proxy = true;
process.once("SIGTERM", () => process.exit(0));
provider.listen(config.port, "127.0.0.1");

function signingKey(file: string): JWK {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writePrivate(file, JSON.stringify({ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "1" }));
  }
  return JSON.parse(readFileSync(file, "utf8")) as JWK;
}
