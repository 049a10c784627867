/** Google's published conformance vectors of V4 signing; the file says where they are from and under which licence. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const schema = z.object({
  account: z.string(),
  publicKey: z.string(),
  vectors: z.array(
    z.object({
      description: z.string(),
      bucket: z.string(),
      object: z.string(),
      method: z.string(),
      expiration: z.number(),
      timestamp: z.string(),
      headers: z.record(z.string(), z.string()).optional(),
      queryParameters: z.record(z.string(), z.string()).optional(),
      expectedUrl: z.string(),
      expectedStringToSign: z.string(),
    }),
  ),
});

export const { account, publicKey, vectors } = schema.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, "v4-signatures.json"), "utf8")),
);
