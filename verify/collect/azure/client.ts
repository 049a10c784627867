/** Reads of Azure's REST APIs: so many at once, every list to its last page, each answer held to the shape that is read. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { AzureError } from "../../../shared/azure.ts";
import { restCaller, type Send } from "../../../shared/rest.ts";
import type { AzureTarget } from "../../target.ts";
import { patienceMs } from "../attempt.ts";
import { mostPages, queue, sendTrusting } from "../rest.ts";
import { readSecret } from "../secret-file.ts";

export interface Reads {
  /** Of the resource manager. @param version of the API that answers for this kind */
  one<T>(path: string, version: string, schema: z.ZodType<T>): Promise<T>;
  /** Of all pages. */
  all<T>(path: string, version: string, schema: z.ZodType<T>, query?: Record<string, string>): Promise<T[]>;
  /** Of the storage account. @returns the body of an XML answer */
  blob(path: string, query: Record<string, string>): Promise<string>;
}

export interface AzureOptions {
  /** Origin of the resource manager. */
  manager: string;
  /** Origin of the storage account. */
  blobs: string;
  /** @default fetch */
  send?: Send | undefined;
  /** @returns a bearer token. @throws for what nobody gave one for */
  token(of: "manager" | "blobs"): Promise<string>;
  /** Before the second and the third try. @default 500 */
  backoffMs?: number;
}

/** Calls at once: Azure gives each caller a bucket of tokens that fills again within seconds. */
const atOnce = 12;

const pageSchema = z.looseObject({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

export function readsOf({ manager, blobs, send, token, backoffMs = 500 }: AzureOptions): Reads {
  const turn = queue(atOnce);

  const call = restCaller({ send, timeoutMs: patienceMs, backoffMs, failure: AzureError, reasonOf });

  async function ask(of: "manager" | "blobs", url: string): Promise<string> {
    const subject = `GET ${url.replace(/^https?:\/\/[^/]+/, "").replace(/\?.*/s, "")}`;
    return await turn(async () => {
      // What blobs answer depends on the version; the resource manager does not look.
      const headers = new Headers({ authorization: `Bearer ${await token(of)}`, "x-ms-version": "2023-11-03" });
      return (await call({ method: "GET", url, subject, headers: async () => headers, repeatable: true })).text();
    });
  }

  const urlOf = (path: string, query: Record<string, string>) =>
    `${manager}${encodeURI(path)}?${new URLSearchParams(query)}`;

  return {
    one: async (path, version, schema) =>
      schema.parse(JSON.parse(await ask("manager", urlOf(path, { "api-version": version })))),
    async all(path, version, schema, query = {}) {
      const found = [];
      let next: string | undefined = urlOf(path, { "api-version": version, ...query });
      for (let pages = 0; next !== undefined; pages++) {
        if (pages === mostPages) throw new Error(`${path}: its pages do not end`);
        const page: z.infer<typeof pageSchema> = pageSchema.parse(JSON.parse(await ask("manager", next)));
        found.push(...page.value.map((item) => schema.parse(item)));
        next = page.nextLink ? within(page.nextLink) : undefined;
      }
      return found;
    },
    blob: (path, query) => ask("blobs", `${blobs}${path}?${new URLSearchParams(query)}`),
  };

  /** The token goes nowhere but where it is for. */
  function within(link: string): string {
    if (new URL(link).origin === new URL(manager).origin) return link;
    throw new Error(`the next page is said to be at ${new URL(link).origin}, which is not ${manager}`);
  }
}

/** The API's own words, or none: what else stands in an error's body is not told. */
async function reasonOf(answer: Response): Promise<string | undefined> {
  const body = await answer.text();
  const error = z.object({ error: z.object({ code: z.string(), message: z.string().default("") }) });
  try {
    const { code, message } = error.parse(JSON.parse(body)).error;
    return `${code}: ${message.split("\n")[0]}`;
  } catch {
    // XML, as of blobs, or nothing that is known.
    return /<Code>([A-Za-z]+)<\/Code>/.exec(body)?.[1];
  }
}

export function optionsOf({ azure, storageAccount }: AzureTarget): AzureOptions {
  const { endpointUrl, blobUrl, caFile, accessTokenFile, storageTokenFile } = azure;
  const origin = (url: string) => url.replace(/\/+$/, "");
  return {
    manager: origin(endpointUrl ?? "https://management.azure.com"),
    blobs: origin(blobUrl ?? `https://${storageAccount}.blob.core.windows.net`),
    ...(caFile ? { send: sendTrusting(readFileSync(caFile, "utf8")) } : {}),
    async token(of) {
      if (of === "manager") return readSecret(accessTokenFile);
      if (storageTokenFile === undefined) throw new Error("the target names no storageTokenFile");
      return readSecret(storageTokenFile);
    },
  };
}
