import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import {
  type ApiKey,
  ApiKeySchema,
  ApiKeyService,
  ApplicationService,
} from "../../gen/biplane/identity/v1/identity_pb.js";
import { asked, connectApi } from "../api.ts";
import type { CommandOptions } from "../config.ts";
import { plainTable, printJson } from "../print.ts";
import { intoSecretFile } from "../secret-file.ts";

export async function apiKeyCreate({ name, days, to, config }: CommandOptions<"apiKeyCreate">): Promise<number> {
  const client = createClient(ApiKeyService, await connectApi(config));
  const key = await intoSecretFile(to, async () => {
    const { key: made, value } = await asked(client.createApiKey({ name, days }));
    return { secret: value, made };
  });
  process.stdout.write(`${key?.keyId} is in ${to}; in force until ${day(key?.expiresAt)}.\n`);
  return 0;
}

export async function apiKeyList({ all, json, config }: CommandOptions<"apiKeyList">): Promise<number> {
  const transport = await connectApi(config);
  const { keys } = all
    ? await asked(createClient(ApplicationService, transport).listAllApiKeys({}))
    : await asked(createClient(ApiKeyService, transport).listApiKeys({}));
  if (json) {
    printJson(keys.map((key) => toJson(ApiKeySchema, key)));
    return 0;
  }
  const table = plainTable(["id", "name", "owner", "made", "until", ""]);
  for (const key of keys) {
    table.push([key.keyId, key.name, key.owner, day(key.createdAt), day(key.expiresAt), state(key)]);
  }
  process.stdout.write(`${table.toString()}\n${keys.length} keys\n`);
  return 0;
}

export async function apiKeyRevoke({ id: keyId, any, config }: CommandOptions<"apiKeyRevoke">): Promise<number> {
  const transport = await connectApi(config);
  if (any) await asked(createClient(ApplicationService, transport).revokeAnyApiKey({ keyId }));
  else await asked(createClient(ApiKeyService, transport).revokeApiKey({ keyId }));
  process.stdout.write(`${keyId} is revoked; refused everywhere within a minute.\n`);
  return 0;
}

function day(at: Timestamp | undefined): string {
  return at ? timestampDate(at).toISOString().slice(0, 10) : "";
}

function state({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt) return `revoked ${day(revokedAt)}`;
  return expiresAt && timestampDate(expiresAt) < new Date() ? "expired" : "in force";
}
