/** The one client that people sign in with: the command line, which can keep no secret (RFC 8252). */
export const publicClient = {
  clientId: "biplane-cli",
  /** Compared as it stands, port and path too: the pinned client listens where discovery tells it. */
  redirectUri: "http://localhost:53593/callback",
} as const;

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
