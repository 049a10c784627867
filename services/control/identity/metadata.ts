/** What clients ask before they can sign in, and who they are afterwards. */
import type { ConnectRouter } from "@connectrpc/connect";
import { AuthMetadataService } from "../../../gen/flyteidl2/auth/auth_service_pb.js";
import { IdentityService } from "../../../gen/flyteidl2/auth/identity_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { authorizePath, deviceAuthorizationPath, publicClient, revocationPath } from "./public-client.ts";
import { sessionGrantTypes } from "./session-grants.ts";

export const tokenPath = "/oauth2/v1/token";
export const keysPath = "/oauth2/v1/keys";
export const discoveryPaths = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/** RFC 8414, for clients that ask by HTTP. @param people whether they can sign in here, and not applications alone. */
export function discoveryDocument(issuer: string, people: boolean) {
  return {
    issuer,
    token_endpoint: issuer + tokenPath,
    jwks_uri: issuer + keysPath,
    grant_types_supported: ["client_credentials", ...(people ? sessionGrantTypes : [])],
    response_types_supported: people ? ["code"] : [],
    scopes_supported: ["all"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", ...(people ? ["none"] : [])],
    id_token_signing_alg_values_supported: ["ES256"],
    subject_types_supported: ["public"],
    ...(people
      ? {
          authorization_endpoint: issuer + authorizePath,
          device_authorization_endpoint: issuer + deviceAuthorizationPath,
          revocation_endpoint: issuer + revocationPath,
          revocation_endpoint_auth_methods_supported: ["none"],
          code_challenge_methods_supported: ["S256"],
          authorization_response_iss_parameter_supported: true,
        }
      : {}),
  };
}

export function identityRoutes(issuer: string, people: boolean) {
  return (router: ConnectRouter) => {
    router.service(AuthMetadataService, {
      getOAuth2Metadata() {
        const document = discoveryDocument(issuer, people);
        return {
          issuer,
          tokenEndpoint: document.token_endpoint,
          jwksUri: document.jwks_uri,
          grantTypesSupported: document.grant_types_supported,
          responseTypesSupported: document.response_types_supported,
          scopesSupported: document.scopes_supported,
          tokenEndpointAuthMethodsSupported: document.token_endpoint_auth_methods_supported,
          authorizationEndpoint: document.authorization_endpoint ?? "",
          deviceAuthorizationEndpoint: document.device_authorization_endpoint ?? "",
          codeChallengeMethodsSupported: document.code_challenge_methods_supported ?? [],
        };
      },
      getPublicClientConfig: () => ({
        clientId: publicClient.clientId,
        redirectUri: publicClient.redirectUri,
        scopes: ["all"],
        authorizationMetadataKey: "authorization",
        audience: issuer,
      }),
    });
    router.service(IdentityService, {
      userInfo(_request, context) {
        const { subject, org, role, kind } = callerOf(context);
        return { subject, name: subject, preferredUsername: subject, additionalClaims: { org, role, kind } };
      },
    });
  };
}
