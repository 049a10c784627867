/**
 * Values in Azure's Key Vault, each in secrets of its own that no other value ever has: what is deleted there keeps its name
 * for the vault's days, and this plane may neither purge nor recover. Which there are stands in the catalogue, since the
 * right to list is not given. A value is longer than a secret may be, so it may lie in several.
 */
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { type Azure, AzureError } from "../../../shared/azure.ts";
import { RestError } from "../../../shared/rest.ts";
import { BackendError, type SecretBackend } from "./backend.ts";
import type { Catalogue } from "./catalogue.ts";
import { pathOf, type SecretRef } from "./secret.ts";

export interface AzureBackendOptions {
  azure: Azure;
  catalogue: Catalogue;
  /** Name of the vault. */
  vault: string;
  /** What names begin with, up to and with two dashes. */
  prefix: string;
  now?: () => number;
}

/** Of a value, in characters; base64 needs no other encoding. Source: Key Vault, "About secrets": 25k bytes. */
const longestPart = 24_000;
const apiVersion = { "api-version": "7.4" };

const valueSchema = z.object({ value: z.string() });

export function azureBackend({ azure, catalogue, vault, prefix, now = Date.now }: AzureBackendOptions): SecretBackend {
  const call = { api: "vault", of: vault, query: apiVersion } as const;
  const pathsOf = (ref: SecretRef, version: string) => namesOf(prefix, ref, version).map((name) => `/secrets/${name}`);

  /** @returns the version, by which the names of its secrets are found */
  async function put(ref: SecretRef, value: Uint8Array): Promise<string> {
    const parts = split(Buffer.from(value).toString("base64"));
    const version = `${randomBytes(8).toString("hex")} ${parts.length}`;
    // For whoever looks into the vault: the names themselves tell nothing.
    const tags = { project: ref.project, domain: ref.domain, name: ref.name };
    await each(pathsOf(ref, version), async (path, at) => {
      const json = { value: parts[at], contentType: "application/octet-stream;base64", tags };
      const answer = await azure.call({ ...call, method: "PUT", path, json, repeatable: true });
      await answer.body?.cancel();
    });
    return version;
  }

  const destroy = (ref: SecretRef, version: string) =>
    each(pathsOf(ref, version), async (path) => {
      const answer = await unlessMissing(() => azure.call({ ...call, method: "DELETE", path, repeatable: true }));
      await answer?.body?.cancel();
    });

  return {
    async create(ref, value) {
      if (await catalogue.find(ref)) return false;
      const version = await put(ref, value);
      const created = await catalogue.change(ref, (found) =>
        found ? undefined : { ...ref, createdAt: now(), version },
      );
      if (!created) await destroy(ref, version);
      return created;
    },
    async update(ref, value) {
      if (!(await catalogue.find(ref))) return false;
      const version = await put(ref, value);
      let replaced: string | undefined;
      const changed = await catalogue.change(ref, (found) => {
        replaced = found?.version;
        return found && { ...found, version };
      });
      // Of the two, the one that is for nobody any more.
      const over = changed ? replaced : version;
      if (over) await destroy(ref, over);
      return changed;
    },
    async remove(ref) {
      const found = await catalogue.find(ref);
      if (!found) return false;
      await destroy(ref, found.version);
      return catalogue.change(ref, (present) => present && null);
    },
    find: (ref) => catalogue.find(ref),
    list: () => catalogue.list(),
    async read(record) {
      const parts: string[] = [];
      for (const path of pathsOf(record, record.version)) {
        const answer = await reached(() => unlessMissing(() => azure.call({ ...call, path })));
        if (!answer) return undefined;
        parts.push(valueSchema.parse(await answer.json()).value);
      }
      return Buffer.from(parts.join(""), "base64");
    },
  };
}

/** `<prefix><hash of scope and name>-<random>-<part>`: letters, digits and dashes, up to 127. */
export function namesOf(prefix: string, ref: SecretRef, version: string): string[] {
  const [random, count] = version.split(" ");
  const stem = createHash("sha256").update(pathOf(ref)).digest("hex").slice(0, 24);
  return Array.from({ length: Number(count) }, (_, at) => `${prefix}${stem}-${random}-${at}`);
}

/** One part at least: an empty value is one too. */
function split(text: string): string[] {
  const count = Math.max(1, Math.ceil(text.length / longestPart));
  return Array.from({ length: count }, (_, at) => text.slice(at * longestPart, (at + 1) * longestPart));
}

async function each(paths: string[], make: (path: string, at: number) => Promise<void>): Promise<void> {
  await reached(() => Promise.all(paths.map(make)));
}

async function unlessMissing(make: () => Promise<Response>): Promise<Response | undefined> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof AzureError && error.status === 404) return undefined;
    throw error;
  }
}

async function reached<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof RestError && error.status === 429) {
      throw new BackendError("busy", "Key Vault takes no more calls now, try again in a minute", error);
    }
    throw new BackendError("unreachable", "Key Vault cannot be reached or refuses, try again", error);
  }
}
