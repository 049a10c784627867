/** Reads of Google's REST APIs: so many at once, every list to its last page, each answer held to the shape that is read. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Google, type GoogleCall, google } from "../../../shared/google.ts";
import type { GoogleTarget } from "../../target.ts";
import { patienceMs } from "../attempt.ts";
import { mostPages, queue, sendTrusting } from "../rest.ts";
import { readSecret } from "../secret-file.ts";

export interface Reads {
  one<T>(call: GoogleCall, schema: z.ZodType<T>): Promise<T>;
  /** Every page of a list. */
  pages<T>(call: GoogleCall, schema: z.ZodType<T>): Promise<T[]>;
  /** Of all pages. @param field that holds a page's items; it is absent from a page without any */
  all<T>(call: GoogleCall, field: string, schema: z.ZodType<T>): Promise<T[]>;
}

/** Calls at once: quotas of Google's are by the minute, and each refusal for it is asked again after its own time. */
const atOnce = 16;
const pageSchema = z.looseObject({ nextPageToken: z.string().default("") });

export function readsOf(client: Google): Reads {
  const turn = queue(atOnce);
  /** Whatever its method, it only looks. */
  const ask = (call: GoogleCall): Promise<unknown> =>
    turn(async () => (await client.call({ ...call, repeatable: true })).json());

  async function pages<T>(call: GoogleCall, schema: z.ZodType<T>): Promise<T[]> {
    const found: T[] = [];
    for (let token = ""; found.length < mostPages; ) {
      const answer = await ask(token === "" ? call : nextPage(call, token));
      found.push(schema.parse(answer));
      token = pageSchema.parse(answer).nextPageToken;
      if (token === "") return found;
    }
    throw new Error(`${call.path}: its pages do not end`);
  }

  return {
    one: async (call, schema) => schema.parse(await ask(call)),
    pages,
    async all<T>(call: GoogleCall, field: string, schema: z.ZodType<T>) {
      const items = z.array(schema).default([]);
      const page = z.looseObject({}).transform((answer): T[] => items.parse(answer[field]));
      return (await pages(call, page)).flat();
    },
  };
}

/** Where an API is asked by a body, it takes its token there alone. */
function nextPage(call: GoogleCall, pageToken: string): GoogleCall {
  return typeof call.json === "object"
    ? { ...call, json: { ...call.json, pageToken } }
    : { ...call, query: { ...call.query, pageToken } };
}

/** @param token in the place of the target's own */
export function clientOf(
  { endpointUrl, caFile, accessTokenFile }: GoogleTarget["google"],
  token = accessTokenFile === undefined
    ? undefined
    : async (): Promise<string | undefined> => readSecret(accessTokenFile),
): Google {
  return google({
    env: endpointUrl === undefined ? {} : { GOOGLE_ENDPOINT_URL: endpointUrl },
    timeoutMs: patienceMs,
    ...(token ? { token } : {}),
    ...(caFile ? { send: sendTrusting(readFileSync(caFile, "utf8")) } : {}),
  });
}
