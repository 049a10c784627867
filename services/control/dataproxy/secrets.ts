/**
 * Secrets as the region sees them: a value passes through this process's memory to the caller's compute plane, which
 * keeps it; what comes back is metadata, and no answer of the API has a place for more. Nothing is kept or logged here.
 */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, createClient, type Transport } from "@connectrpc/connect";
import { type SecretMetadata, SecretStoreService } from "../../../gen/biplane/secrets/v1/secrets_pb.js";
import {
  OverallStatus,
  type SecretIdentifier,
  SecretIdentifierSchema,
  type SecretSpec,
  SecretType,
} from "../../../gen/flyteidl2/secret/definition_pb.js";
import { SecretService } from "../../../gen/flyteidl2/secret/secret_pb.js";
import { type Caller, callerOf, requireOwnOrg } from "../../shared/auth/caller.ts";
import { invalid, notFound } from "../../shared/errors.ts";
import type { Planes } from "./planes.ts";

export interface SecretRoutesDeps {
  /** Through the relay. */
  relay: Transport;
  planes: Planes;
}

export function secretRoutes({ relay, planes }: SecretRoutesDeps) {
  const store = createClient(SecretStoreService, relay);
  return (router: ConnectRouter) =>
    router.service(SecretService, {
      async createSecret({ id, secretSpec }, context) {
        const caller = callerOf(context);
        const request = { ...placeOf(caller, id), value: bytesOf(secretSpec) };
        await store.createSecret(request, await planes.callTo(caller, context.signal));
        return {};
      },
      async updateSecret({ id, secretSpec }, context) {
        const caller = callerOf(context);
        const request = { ...placeOf(caller, id), value: bytesOf(secretSpec) };
        await store.updateSecret(request, await planes.callTo(caller, context.signal));
        return {};
      },
      async deleteSecret({ id }, context) {
        const caller = callerOf(context);
        await store.deleteSecret(placeOf(caller, id), await planes.callTo(caller, context.signal));
        return {};
      },
      async getSecret({ id }, context) {
        const caller = callerOf(context);
        const { secret } = await store.getSecret(placeOf(caller, id), await planes.callTo(caller, context.signal));
        if (!secret) throw notFound("the secret");
        return { secret: described(caller.org, secret) };
      },
      async listSecrets({ organization, project, domain, limit, token }, context) {
        const caller = callerOf(context);
        requireOwnOrg(caller, organization);
        if (limit < 0) throw invalid({ subject: "limit", value: limit, allowed: "0 or more" });
        const request = { org: caller.org, project, domain, limit, token };
        const page = await store.listSecrets(request, await planes.callTo(caller, context.signal));
        return { secrets: page.secrets.map((secret) => described(caller.org, secret)), token: page.token };
      },
    });
}

function placeOf(caller: Caller, id: SecretIdentifier | undefined) {
  if (!id) throw invalid({ subject: "id", allowed: "the secret's name, and its project and domain" });
  requireOwnOrg(caller, id.organization);
  return { org: caller.org, project: id.project, domain: id.domain, name: id.name };
}

/** The command line sends bytes, the SDK's `Secret.create(str)` text. */
function bytesOf(spec: SecretSpec | undefined): Uint8Array {
  if (spec?.type === SecretType.IMAGE_PULL_SECRET) {
    const why = "image pull secrets are not kept: the cluster's nodes pull images under their own identity";
    throw new ConnectError(`${why}. Give the registry's rights to these, or copy the image.`, Code.Unimplemented);
  }
  if (spec?.value.case === "stringValue") return Buffer.from(spec.value.value, "utf8");
  if (spec?.value.case === "binaryValue") return spec.value.value;
  throw invalid({ subject: "secret_spec", allowed: "a string_value or a binary_value" });
}

function described(organization: string, { project, domain, name, createdAt }: SecretMetadata) {
  const id = create(SecretIdentifierSchema, { organization, project, domain, name });
  const secretStatus = { overallStatus: OverallStatus.FULLY_PRESENT };
  return {
    id,
    secretMetadata: { type: SecretType.GENERIC, secretStatus, ...(createdAt ? { createdTime: createdAt } : {}) },
  };
}
