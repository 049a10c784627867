import { z } from "zod";
import type { GoogleCall } from "../../../shared/google.ts";
import type { GoogleBinding } from "../../facts-google.ts";
import type { Reads } from "./client.ts";

const policySchema = z.object({
  bindings: z
    .array(
      z.object({
        role: z.string(),
        members: z.array(z.string()).default([]),
        condition: z.object({ expression: z.string() }).optional(),
      }),
    )
    .default([]),
});

/** Of an allow policy with its conditions: a policy of an older version leaves them out. */
export async function readBindings(reads: Reads, call: GoogleCall): Promise<GoogleBinding[]> {
  const { bindings } = await reads.one(call, policySchema);
  return bindings.map(({ role, members, condition }) => {
    return { role, members, ...(condition ? { condition: condition.expression } : {}) };
  });
}

/** Of the APIs that are asked by POST. */
export function policyByPost(api: string, path: string): GoogleCall {
  const options = { requestedPolicyVersion: 3 };
  return { api, method: "POST", path: `${path}:getIamPolicy`, json: { options } };
}

/** Of those that are asked by GET. */
export function policyByGet(api: string, path: string): GoogleCall {
  return { api, path: `${path}:getIamPolicy`, query: { "options.requestedPolicyVersion": "3" } };
}
