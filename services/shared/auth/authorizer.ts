/** What a caller may do at this moment: asked of Identity in the region, read from its signed statement elsewhere. */
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { AuthorizerService } from "../../../gen/biplane/policy/v1/policy_pb.js";
import { unaryCall } from "../client.ts";
import { denied, unavailable } from "../errors.ts";
import { renewed } from "../renewed.ts";
import { believing } from "./believed.ts";
import { type Authority, forwardToken, type Identified, statementHeader } from "./caller.ts";
import { type Grant, permissions } from "./permissions.ts";
import type { TrustedIssuer } from "./verifier.ts";

/** @throws ConnectError unauthenticated where the caller is there no more, unavailable where nobody can say. */
export type Authorizer = (caller: Identified, headers: Headers) => Promise<Authority>;

/** A change is felt everywhere after this at most, but by a compute plane, which also believes a statement for its life. */
const keptMs = 2_000;

/** With the tolerance for clocks and with what is kept, a change is in force within a minute at a compute plane too. */
export const statementLifetimeSeconds = 50;
const clockToleranceSeconds = 5;

const grantsSchema = z.array(
  z.object({
    // A newer Identity may know more; what is not known here allows nothing here.
    permissions: z
      .array(z.string())
      .transform((names) => permissions.filter((permission) => names.includes(permission))),
    project: z.string(),
    domain: z.string(),
  }),
);

export const noGrants: Authority = { grants: [] };

/** @param identity of the region's Identity service. Compute planes are known by their certificates and need no grant. */
export function remoteAuthorizer(identity: Transport, now: () => number = Date.now): Authorizer {
  const client = createClient(AuthorizerService, identity);
  const kept = renewed<Authority>({ keptMs, now });
  return async (caller) => (caller.role === "cluster" ? noGrants : kept(caller.token, () => ask(client, caller)));
}

async function ask(client: ReturnType<typeof createClient<typeof AuthorizerService>>, caller: Identified) {
  try {
    const { grants, statement } = await client.resolve({}, { ...unaryCall, headers: forwardToken(caller) });
    const given = grants.map(({ actions, project, domain }) => ({ permissions: actions, project, domain }));
    return { grants: grantsSchema.parse(given), statement };
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unauthenticated) throw error;
    throw unavailable("what the caller may do cannot be looked up, try again", error);
  }
}

/** In a compute plane, which trusts Identity's key and nothing that the region's other services say. */
export function statedAuthorizer({ issuer, keys }: Pick<TrustedIssuer, "issuer" | "keys">): Authorizer {
  const verify = believing(async (statement) => {
    const value = await verifiedStatement(statement, issuer, keys);
    return { value, expiresAt: value.exp ?? 0 };
  });
  return async (caller, headers) => {
    if (caller.role === "cluster") return noGrants;
    const statement = headers.get(statementHeader);
    if (!statement) throw denied("the request does not carry what its caller may do");
    const { sub, org, grants } = await verify(statement);
    if (sub !== caller.subject || org !== caller.org) throw denied("what the request carries is another caller's");
    const read = grantsSchema.safeParse(grants);
    if (!read.success) throw denied("what the request carries is no list of grants");
    return { grants: read.data, statement };
  };
}

async function verifiedStatement(statement: string, issuer: string, keys: TrustedIssuer["keys"]) {
  try {
    const { payload } = await jwtVerify(statement, keys, {
      issuer,
      audience: statementAudience(issuer),
      algorithms: ["ES256"],
      requiredClaims: ["exp", "iat", "sub"],
      clockTolerance: clockToleranceSeconds,
    });
    return payload;
  } catch (error) {
    // The region signs one for each request, so that it has expired says more of the clocks than of the caller.
    if (error instanceof errors.JWTExpired) {
      const now = new Date().toISOString();
      throw denied(
        `what the request carries of its caller's grants has expired by the clock of this compute plane, where it is ${now}`,
      );
    }
    const keysLost = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
    if (error instanceof errors.JOSEError && !keysLost && error.code !== "ERR_JOSE_GENERIC") {
      throw denied("what the request carries of its caller's grants is not valid");
    }
    throw unavailable("the keys that verify grants cannot be fetched, try again", error);
  }
}

/** Never the audience of access tokens: neither can stand for the other. */
function statementAudience(issuer: string): string {
  return `${issuer}/grants`;
}

/** What Identity signs. */
export function unsignedStatement(
  issuer: string,
  { org, subject }: Pick<Identified, "org" | "subject">,
  grants: readonly Grant[],
) {
  return new SignJWT({ org, grants })
    .setIssuer(issuer)
    .setAudience(statementAudience(issuer))
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(`${statementLifetimeSeconds}s`);
}
