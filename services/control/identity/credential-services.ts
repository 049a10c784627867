/** API keys of the caller's own, service accounts of the organisation, and the exchange of a key for a token. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import {
  type ApiKeySchema,
  ApiKeyService,
  ApplicationService,
  KeyExchangeService,
  type ServiceAccountSchema,
} from "../../../gen/biplane/identity/v1/identity_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { isBuiltin, type Place } from "../../shared/auth/permissions.ts";
import { invalid, notFound, precondition, unauthenticated } from "../../shared/errors.ts";
import { type ApiKeyRow, type ApiKeyStore, maxKeys } from "./api-keys.ts";
import type { ApplicationStore, ServiceAccount } from "./applications.ts";
import { newClientId, newSecret, readApiKey, writeApiKey } from "./credentials.ts";
import { type SignIn, tooManyTries } from "./sign-in.ts";
import { type Signer, tokenLifetime } from "./signing.ts";

export interface CredentialDeps {
  issuer: string;
  applications: Pick<ApplicationStore, "create" | "list" | "delete">;
  apiKeys: ApiKeyStore;
  signIn: SignIn;
  signer: Pick<Signer, "sign">;
}

const defaultDays = 90;
const maxDays = 365;
const maxPlaces = 100;

export function credentialRoutes({ issuer, applications, apiKeys, signIn, signer }: CredentialDeps) {
  return (router: ConnectRouter) => {
    router.service(ApiKeyService, {
      async createApiKey({ name, days }, context) {
        requireName("name", name);
        if (days > maxDays) throw invalid({ subject: "days", value: days, allowed: `1 to ${maxDays}` });
        const { org, subject, kind } = callerOf(context);
        const keyId = newClientId(org, name);
        const { secret, secretSha256 } = newSecret();
        const made = await apiKeys.create(
          org,
          { subject, kind },
          { keyId, name, secretSha256, days: days || defaultDays },
        );
        if (made === "too-many") throw precondition(`${maxKeys} keys are in force already; revoke one first`);
        const value = writeApiKey(new URL(issuer).hostname, { clientId: keyId, secret }, org);
        return { key: keyView(made), value };
      },
      listApiKeys: async (_request, context) => ({ keys: (await ownKeys(context)).map(keyView) }),
      async revokeApiKey({ keyId }, context) {
        const { org, subject, kind } = callerOf(context);
        if ((await apiKeys.revoke(org, keyId, { subject, kind })) === "not-found") throw noKey(keyId);
        return {};
      },
    });
    router.service(ApplicationService, {
      async createServiceAccount({ name, description, role, places }, context) {
        const { org } = callerOf(context);
        requireName("name", name);
        if (description.length > 1024) {
          throw invalid({ subject: "description", value: description.length, allowed: "at most 1024 characters" });
        }
        const { secret, secretSha256 } = newSecret();
        const clientId = newClientId(org, name);
        const right = { role: readRole(role), places: readPlaces(role, places) };
        const account = await applications.create(org, { clientId, description, secretSha256, ...right });
        return { account: accountView(account), clientSecret: secret };
      },
      async listServiceAccounts(_request, context) {
        return { accounts: (await applications.list(callerOf(context).org)).map(accountView) };
      },
      async deleteServiceAccount({ clientId }, context) {
        const outcome = await applications.delete(callerOf(context).org, clientId);
        if (outcome === "not-found") throw notFound(`the service account ${JSON.stringify(clientId.slice(0, 128))}`);
        if (outcome === "declared") throw precondition("the region's stack declares it; take it out there");
        return {};
      },
      async listAllApiKeys(_request, context) {
        return { keys: (await apiKeys.list(callerOf(context).org)).map(keyView) };
      },
      async revokeAnyApiKey({ keyId }, context) {
        if ((await apiKeys.revoke(callerOf(context).org, keyId)) === "not-found") throw noKey(keyId);
        return {};
      },
    });
    router.service(KeyExchangeService, {
      async exchange({ value, source }) {
        const credentials = readApiKey(value);
        if (!credentials) throw unauthenticated("what the caller presents is neither a token nor an API key");
        const outcome = await signIn(credentials, source);
        if ("waitSeconds" in outcome) throw new ConnectError(tooManyTries(outcome.waitSeconds), Code.ResourceExhausted);
        if ("wrong" in outcome) throw unauthenticated("the API key is wrong, revoked or has expired");
        return { accessToken: await signer.sign(outcome.holder), expiresInSeconds: tokenLifetime };
      },
    });
  };

  function ownKeys(context: Pick<HandlerContext, "values">) {
    const { org, subject, kind } = callerOf(context);
    return apiKeys.list(org, { subject, kind });
  }
}

function noKey(keyId: string) {
  return notFound(`the API key ${JSON.stringify(keyId.slice(0, 128))}`);
}

function requireName(subject: string, value: string): void {
  if (/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(value)) return;
  throw invalid({ subject, value: value.slice(0, 80), allowed: 'a-z, 0-9 and "-", at most 32' });
}

function readRole(role: string): string {
  if (role === "") return "none";
  if (isBuiltin(role)) return role;
  const allowed = "admin, contributor, viewer, or empty where only policies give it something";
  throw invalid({ subject: "role", value: role.slice(0, 80), allowed });
}

function readPlaces(role: string, places: Place[]): Place[] {
  if (places.length > maxPlaces) {
    throw invalid({ subject: "places", value: places.length, allowed: `at most ${maxPlaces}` });
  }
  if (places.length > 0 && role === "") {
    throw invalid({ subject: "places", value: places.length, allowed: "with a role only" });
  }
  return places.map(({ project, domain }) => {
    if (project !== "") requireLabel("places: project", project);
    requireLabel("places: domain", domain);
    return { project, domain };
  });
}

function requireLabel(subject: string, value: string): void {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) return;
  throw invalid({ subject, value: value.slice(0, 80), allowed: 'a-z, 0-9 and "-", at most 63' });
}

function keyView({ createdAt, expiresAt, revokedAt, ...row }: ApiKeyRow): MessageInitShape<typeof ApiKeySchema> {
  return {
    ...row,
    createdAt: timestampFromDate(createdAt),
    expiresAt: timestampFromDate(expiresAt),
    ...(revokedAt ? { revokedAt: timestampFromDate(revokedAt) } : {}),
  };
}

function accountView({ createdAt, ...row }: ServiceAccount): MessageInitShape<typeof ServiceAccountSchema> {
  return { ...row, createdAt: timestampFromDate(createdAt) };
}
