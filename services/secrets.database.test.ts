/** The way of a secret's value, from a client through both planes to where it rests, and that it is nowhere else. */
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { AuditService } from "../gen/biplane/audit/v1/audit_pb.js";
import { OverallStatus, SecretType } from "../gen/flyteidl2/secret/definition_pb.js";
import { SecretService } from "../gen/flyteidl2/secret/secret_pb.js";
import { codeOf } from "./shared/testing/code-of.ts";
import { type LinkWorld, startLinkWorld, type Tunnel } from "./testing/link-world.ts";

const seeded = "a-seeded-value-of-a-secret";
let world: LinkWorld;
let tunnel: Tunnel;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  world = await startLinkWorld();
  for (const [name, { clientId, secret }] of Object.entries(world.applications)) {
    tokens[name] = await signIn(clientId, secret);
  }
  tunnel = await world.startTunnel();
  await vi.waitFor(() => secrets("admin").listSecrets({}), { timeout: 60_000, interval: 100 });
});
afterAll(() => world?.stop());

async function signIn(id: string, secret: string): Promise<string> {
  const answer = await fetch(`https://${world.gatewayHost}/oauth2/v1/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${encodeURIComponent(secret)}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials",
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

function transport(who: string) {
  return createConnectTransport({
    httpVersion: "2",
    baseUrl: `https://${world.gatewayHost}`,
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${tokens[who]}`);
        return next(request);
      },
    ],
  });
}

const secrets = (who: string) => createClient(SecretService, transport(who));
const idOf = (name: string, more: object = {}) => ({
  organization: "acme",
  project: "demo",
  domain: "development",
  name,
  ...more,
});
const bytes = { value: { case: "binaryValue" as const, value: Buffer.from(seeded) } };

describe("a secret", () => {
  it("is created with bytes or text, told without its value, and deleted", async () => {
    const text = { value: { case: "stringValue" as const, value: seeded } };
    await secrets("admin").createSecret({ id: idOf("of-bytes"), secretSpec: bytes });
    await secrets("admin").createSecret({ id: idOf("of-text", { organization: "" }), secretSpec: text });
    const { secrets: listed, token } = await secrets("admin").listSecrets(idOf("", { limit: 10 }));
    expect([listed.map(({ id }) => id?.name), token]).toEqual([["of-bytes", "of-text"], ""]);
    const { secret } = await secrets("admin").getSecret({ id: idOf("of-bytes") });
    expect(secret?.secretMetadata).toMatchObject({
      type: SecretType.GENERIC,
      secretStatus: { overallStatus: OverallStatus.FULLY_PRESENT },
    });
    expect(Number(secret?.secretMetadata?.createdTime?.seconds) * 1000).toBeGreaterThan(Date.now() - 60_000);
    const held = JSON.stringify([...world.secretShards.held.values()]);
    expect(held.split(Buffer.from(seeded).toString("base64"))).toHaveLength(3);
    await secrets("admin").deleteSecret({ id: idOf("of-text") });
    expect(await codeOf(secrets("admin").getSecret({ id: idOf("of-text") }))).toBe("NotFound");
  });

  it.each([
    ["a viewer", "viewer", {}, "PermissionDenied"],
    ["an admin of another organisation, by our name", "stranger", {}, "PermissionDenied"],
    ["an admin of another organisation, by none", "stranger", { organization: "" }, "FailedPrecondition"],
  ])("is nothing to %s", async (_, who, more, code) => {
    const id = idOf("of-bytes", more);
    expect(await codeOf(secrets(who).getSecret({ id }))).toBe(code);
    expect(await codeOf(secrets(who).updateSecret({ id, secretSpec: bytes }))).toBe(code);
    expect(await codeOf(secrets(who).listSecrets({ ...id }))).toBe(code);
  });

  it("is refused without a value, and as one for pulling images", async () => {
    const image = { ...bytes, type: SecretType.IMAGE_PULL_SECRET };
    await expect(secrets("admin").createSecret({ id: idOf("x"), secretSpec: {} })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
    await expect(secrets("admin").createSecret({ id: idOf("x"), secretSpec: image })).rejects.toMatchObject({
      code: Code.Unimplemented,
    });
    expect(await codeOf(secrets("admin").createSecret({ secretSpec: bytes }))).toBe("InvalidArgument");
  });

  it("cannot be written while its plane is away", async () => {
    await tunnel.service.stop();
    const away = () => codeOf(secrets("admin").updateSecret({ id: idOf("of-bytes"), secretSpec: bytes }));
    expect(["Unavailable", "FailedPrecondition"]).toContain(await away());
  });

  it("has its writing recorded by name, and its value in no row and no log of the region", async () => {
    const { records } = await createClient(AuditService, transport("admin")).listRecords({ limit: 100 });
    const said = records.map(({ operation, resource, decision }) => `${decision} ${operation} ${resource}`).join("\n");
    expect(said).toMatch(/CreateSecret.*of-bytes/);
    const rows = await everyRow();
    expect(rows).toContain("of-bytes");
    for (const [sink, text] of Object.entries({ rows, log: world.lines.join("\n"), audit: said })) {
      for (const form of [seeded, Buffer.from(seeded).toString("base64"), Buffer.from(seeded).toString("hex")]) {
        expect(text.includes(form), `${sink} holds the value`).toBe(false);
      }
    }
  });
});

/** Of every table, whoever may see it. */
async function everyRow(): Promise<string> {
  const { port, certificate, passwords } = inject("postgres");
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: "postgres",
    password: passwords.superuser,
    database: world.database,
    ssl: { ca: certificate },
  });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_type = 'BASE TABLE' and table_schema = 'biplane'",
    );
    const all: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
      all.push(...rows.map(({ row }) => row));
    }
    return all.join("\n");
  } finally {
    await client.end();
  }
}
