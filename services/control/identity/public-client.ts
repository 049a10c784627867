/** The clients that people sign in with. None can keep a secret, or needs one: a code is worth nothing without its verifier. */
export interface PublicClient {
  clientId: string;
  /** Compared as it stands, port and path too. */
  redirectUri: string;
  /** Goes on without its person: by refresh tokens, and from devices. What cannot is given tokens by a code alone. */
  staysSignedIn: boolean;
}

/** The command line (RFC 8252); the pinned client listens where discovery tells it. */
export const publicClient = {
  clientId: "biplane-cli",
  redirectUri: "http://localhost:53593/callback",
  staysSignedIn: true,
} as const satisfies PublicClient;

/** Of the region's endpoint; the gateway answers it. */
export const consoleReturnPath = "/console/signed-in";

/** The region's own pages, whose browser is sent again once its token is over. */
export const consoleClient = (issuer: string): PublicClient => ({
  clientId: "biplane-console",
  redirectUri: issuer + consoleReturnPath,
  staysSignedIn: false,
});

export function publicClientOf(clientId: string | null | undefined, issuer: string): PublicClient | undefined {
  return [publicClient, consoleClient(issuer)].find((client) => client.clientId === clientId);
}

export const authorizePath = "/oauth2/v1/authorize";
/** Where the identity provider leads people back to. */
export const callbackPath = "/oauth2/v1/callback";
export const deviceAuthorizationPath = "/oauth2/v1/device_authorization";
/** The page where people type a device's code. */
export const devicePath = "/oauth2/v1/device";
export const deviceDecisionPath = "/oauth2/v1/device/decision";
/** Where staff say which organisation they go to. */
export const staffChoicePath = "/oauth2/v1/organisation";
export const revocationPath = "/oauth2/v1/revoke";
