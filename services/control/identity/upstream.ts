/** The organisations' identity provider (OpenID Connect), where people show who they are. */
import * as oidc from "openid-client";
import { z } from "zod";
import { unavailable } from "../../shared/errors.ts";

export interface UpstreamConfig {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Space-separated. */
  scopes: string;
  /** Claim of the id_token that names a person's groups. */
  groupsClaim: string;
  /** Where it leads people back to. */
  redirectUri: string;
  /** @default the system's */
  fetch?: typeof fetch;
}

/** What this service must remember until somebody comes back. */
export const checksSchema = z.object({ state: z.string(), nonce: z.string(), verifier: z.string() });
export type Checks = z.output<typeof checksSchema>;

/** What somebody is told who does not come back signed in; `why` is for the log, without what the provider sent. */
export type Returned = { claims: Record<string, unknown> } | { refused: string; why: string };

export interface Upstream {
  /** @throws ConnectError unavailable */
  begin(): Promise<{ url: URL; checks: Checks }>;
  /**
   * Exchanges the code and verifies the id_token: signature by the provider's keys, issuer, audience, times, nonce; then
   * asks what else there is to know of that very subject.
   * @param url as the browser asked for it. @throws ConnectError unavailable
   */
  finish(url: URL, checks: Checks): Promise<Returned>;
}

/** Seconds: an address that the provider has moved is found again after this. */
const discoveredFor = 3600;
const timeoutSeconds = 10;

export function openUpstream(config: UpstreamConfig, now: () => number = Date.now): Upstream {
  let known: { discovered: Promise<oidc.Configuration>; until: number } | undefined;
  const discovered = () => {
    if (known && known.until > now()) return known.discovered;
    const asked = discover(config);
    known = { discovered: asked, until: now() + discoveredFor * 1000 };
    asked.catch(() => {
      known = undefined;
    });
    return asked;
  };
  return {
    async begin() {
      const provider = await discovered();
      const checks = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      };
      const url = oidc.buildAuthorizationUrl(provider, {
        redirect_uri: config.redirectUri,
        scope: config.scopes,
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(checks.verifier),
        code_challenge_method: "S256",
      });
      return { url, checks };
    },
    async finish(url, { state, nonce, verifier }) {
      const provider = await discovered();
      try {
        const tokens = await oidc.authorizationCodeGrant(provider, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        return { claims: await allClaims(provider, tokens.access_token, tokens.claims() ?? { sub: "" }) };
      } catch (error) {
        if (error instanceof oidc.AuthorizationResponseError) {
          return { refused: "Your identity provider did not sign you in.", why: error.error };
        }
        if (!isVerdict(error)) throw lost(error);
        const why = error instanceof oidc.ResponseBodyError ? error.error : (error.code ?? error.name);
        return { refused: "What your identity provider answered could not be verified.", why };
      }
    },
  };
}

async function discover({ issuer, clientId, clientSecret, fetch }: UpstreamConfig): Promise<oidc.Configuration> {
  try {
    return await oidc.discovery(new URL(issuer), clientId, clientSecret, oidc.ClientSecretBasic(clientSecret), {
      timeout: timeoutSeconds,
      // Of an id_token that came over TLS the signature need not be verified; here it is.
      execute: [oidc.enableNonRepudiationChecks],
      ...(fetch ? { [oidc.customFetch]: (url, options) => fetch(url, options as RequestInit) } : {}),
    });
  } catch (error) {
    throw lost(error);
  }
}

/** Where there is an access token too, Okta puts e-mail and groups not into the id_token, but behind it. */
async function allClaims(
  provider: oidc.Configuration,
  accessToken: string,
  idToken: { readonly sub: string; readonly [name: string]: unknown },
): Promise<Record<string, unknown>> {
  if (provider.serverMetadata().userinfo_endpoint === undefined) return { ...idToken };
  return { ...(await oidc.fetchUserInfo(provider, accessToken, idToken.sub)), ...idToken };
}

const lost = (error: unknown) => unavailable("the identity provider cannot be reached, try again", error);

/** The library's own errors judge what was answered, but for those that say that nothing was. */
function isVerdict(error: unknown): error is oidc.ResponseBodyError | oidc.ClientError {
  if (error instanceof oidc.ResponseBodyError) return error.status < 500;
  return error instanceof oidc.ClientError && error.code !== "OAUTH_TIMEOUT" && error.code !== "OAUTH_ABORT";
}
