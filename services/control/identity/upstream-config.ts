/** The identity provider, as this service's environment names it. */
import { z } from "zod";
import { refusal } from "../../../shared/errors.ts";
import { fileContent } from "../../shared/config.ts";
import type { PeopleDeps } from "./people.ts";

export const upstreamShape = {
  /** Without it people cannot sign in, only applications. */
  UPSTREAM_OIDC_ISSUER: z.url({ protocol: /^https$/ }).optional(),
  UPSTREAM_OIDC_CLIENT_ID: z.string().optional(),
  UPSTREAM_OIDC_CLIENT_SECRET_FILE: fileContent.optional(),
  UPSTREAM_OIDC_SCOPES: z.string().default("openid email groups"),
  /** Of the region's staff, whom organisations may let in. */
  UPSTREAM_OIDC_STAFF_GROUP: z.string().optional(),
  UPSTREAM_OIDC_GROUPS_CLAIM: z.string().default("groups"),
};

/** @throws UserError where a part is missing. */
export function readUpstream(config: z.output<z.ZodObject<typeof upstreamShape>>): PeopleDeps["upstream"] | undefined {
  const {
    UPSTREAM_OIDC_ISSUER: issuer,
    UPSTREAM_OIDC_SCOPES: scopes,
    UPSTREAM_OIDC_GROUPS_CLAIM: groupsClaim,
    UPSTREAM_OIDC_STAFF_GROUP: staffGroup,
  } = config;
  if (issuer === undefined) return undefined;
  const { UPSTREAM_OIDC_CLIENT_ID: clientId, UPSTREAM_OIDC_CLIENT_SECRET_FILE: clientSecret } = config;
  const allowed = "given with UPSTREAM_OIDC_ISSUER";
  if (clientId === undefined) throw refusal({ subject: "UPSTREAM_OIDC_CLIENT_ID", allowed });
  if (clientSecret === undefined) throw refusal({ subject: "UPSTREAM_OIDC_CLIENT_SECRET_FILE", allowed });
  return { issuer, clientId, clientSecret, scopes, groupsClaim, staffGroup };
}
