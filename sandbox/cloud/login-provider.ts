/** The identity provider itself: oidc-provider with one application of the region, and people who have passwords. */
import { createHash, timingSafeEqual } from "node:crypto";
import Provider, { type JWK, type KoaContextWithOIDC } from "oidc-provider";

export interface LoginConfig {
  issuer: string;
  port: number;
  cookieSecret: string;
  /** The one resource that applications' own access tokens are for. */
  audience: string;
  /** Made at the first start. */
  keysFile: string;
  /** Applications that act for nobody. */
  clients: { org: string; clientId: string; clientSecret: string }[];
  /** The application by which people sign in to the region. */
  region: { clientId: string; clientSecret: string; redirectUri: string };
  people: LoginPerson[];
}

export interface LoginPerson {
  email: string;
  groups: string[];
  password: string;
}

const tokenSeconds = 15 * 60;
const maxFormBytes = 4096;

export function openLogin(config: Omit<LoginConfig, "port" | "keysFile">, key: JWK): Provider {
  const orgs = new Map(config.clients.map(({ clientId, org }) => [clientId, org]));
  const people = new Map(config.people.map((person) => [person.email, person]));
  const { region } = config;
  const provider = new Provider(config.issuer, {
    jwks: { keys: [key] },
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    cookies: { keys: [config.cookieSecret] },
    clients: [
      ...config.clients.map(({ clientId, clientSecret }) => ({
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      })),
      {
        client_id: region.clientId,
        client_secret: region.clientSecret,
        grant_types: ["authorization_code"],
        redirect_uris: [region.redirectUri],
        response_types: ["code"],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
    findAccount(_context, id) {
      const person = people.get(id);
      if (!person) return undefined;
      const { email, groups } = person;
      return { accountId: id, claims: () => ({ sub: id, email, email_verified: true, groups }) };
    },
    loadExistingGrant: agree,
    extraTokenClaims: (_context, token) => ({ org: orgs.get(token.clientId ?? "") }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        // What is told of people is asked for with their access token, which then must be for the provider itself.
        defaultResource: (_context, client) => (client?.clientId === region.clientId ? [] : config.audience),
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
  provider.use(async (context, next) => {
    if (!/^\/interaction\/[\w-]+$/.test(context.path)) return next();
    const { uid } = await provider.interactionDetails(context.req, context.res);
    context.type = "html";
    if (context.method !== "POST") {
      context.body = passwordPage(uid, "");
      return;
    }
    const form = await readForm(context.req);
    const person = people.get((form.get("login") ?? "").toLowerCase());
    if (!same(form.get("password") ?? "", person?.password)) {
      context.status = 400;
      context.body = passwordPage(uid, "The address or the password is wrong.");
      return;
    }
    const result = { login: { accountId: person?.email ?? "" } };
    context.redirect(await provider.interactionResult(context.req, context.res, result));
  });
  return provider;
}

/** The organisation has agreed for its people that the region may know them. */
async function agree({ oidc }: KoaContextWithOIDC) {
  const { client, session, params } = oidc;
  if (!client || !session?.accountId) return undefined;
  const grant = new oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(String(params?.scope ?? ""));
  await grant.save();
  return grant;
}

function passwordPage(uid: string, problem: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
<h1>Sign in</h1><p>${problem}</p><form method="post" action="/interaction/${uid}">
<p><label>E-mail address: <input name="login" type="email" required autofocus></label></p>
<p><label>Password: <input name="password" type="password" required></label></p>
<p><button>Sign in</button></p></form></body></html>
`;
}

async function readForm(request: AsyncIterable<Buffer>): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.byteLength;
    if (size <= maxFormBytes) chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

/** Alike for a wrong password and for nobody's. */
function same(given: string, password: string | undefined): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(password ?? "")) && password !== undefined;
}
