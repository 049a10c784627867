/**
 * Key Vault, so far as the data plane calls it: secrets by name, in one file of mode 0600. What is deleted keeps its name, as
 * in a vault with purge protection. Each call is judged by the vault's role assignments.
 */
import { existsSync, readFileSync } from "node:fs";
import { json, problem, type Reply } from "../google/answers.ts";
import type { Entries } from "../google/rights.ts";
import { writePrivate } from "../secret-file.ts";
import type { Asked } from "./rights.ts";

interface Secret {
  /** None once it is deleted. */
  value?: string;
  tags: unknown;
  created: number;
}

export interface VaultCall {
  method: string;
  /** `/<vault>/secrets/<name>`. */
  path: string;
  body: Record<string, unknown>;
}

const secrets = "Microsoft.KeyVault/vaults/secrets";
const actions: Record<string, string> = {
  GET: `${secrets}/getSecret/action`,
  PUT: `${secrets}/setSecret/action`,
  DELETE: `${secrets}/delete`,
};

export class Vaults {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** @param allowed Azure's RBAC */
  take(
    { method, path, body }: VaultCall,
    entries: Entries,
    allowed: (asked: Omit<Asked, "principal">) => boolean,
  ): Reply {
    const [, vault, name] = /^\/([a-z][a-z0-9-]{1,22}[a-z0-9])\/secrets\/([0-9a-zA-Z-]{1,127})$/.exec(path) ?? [];
    const action = actions[method];
    if (!vault || !name || !action) return problem(400, `${method} ${path} is not served here`);
    const scope = Object.keys(entries).find((id) => id.endsWith(`/providers/Microsoft.KeyVault/vaults/${vault}`));
    // As Azure: who may not, does not learn whether the secret is there.
    if (!scope || !allowed({ action, scope }))
      return problem(403, `Caller is not authorized to perform action ${action}.`);
    const all = this.load();
    const held = all[`${vault}/${name}`];
    const id = `https://${vault}.vault.azure.net/secrets/${name}`;
    if (method === "PUT") {
      if (held && held.value === undefined) {
        return problem(
          409,
          `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused.`,
        );
      }
      if (typeof body.value !== "string" || Buffer.byteLength(body.value) > 25 * 1024) {
        return problem(400, "The value is none, or longer than 25 KB.");
      }
      const created = Math.floor(Date.now() / 1_000);
      this.save({ ...all, [`${vault}/${name}`]: { value: body.value, tags: body.tags ?? {}, created } });
      return json({ id, attributes: { enabled: true, created }, tags: body.tags ?? {} });
    }
    if (held?.value === undefined) {
      return problem(404, `A secret with (name/id) ${name} was not found in this key vault.`);
    }
    const { value, ...rest } = held;
    if (method === "GET") return json({ value, id, tags: rest.tags });
    this.save({ ...all, [`${vault}/${name}`]: rest });
    return json({ id, tags: rest.tags });
  }

  /** Of those that are there, without their values. */
  list(): { vault: string; name: string; tags: Record<string, string> }[] {
    return Object.entries(this.load()).flatMap(([path, { value, tags }]) => {
      const [vault = "", name = ""] = path.split("/");
      return value === undefined ? [] : [{ vault, name, tags: tags as Record<string, string> }];
    });
  }

  private load(): Record<string, Secret> {
    return existsSync(this.file) ? (JSON.parse(readFileSync(this.file, "utf8")) as Record<string, Secret>) : {};
  }

  private save(all: Record<string, Secret>): void {
    writePrivate(this.file, JSON.stringify(all));
  }
}
