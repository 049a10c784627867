/** What an organisation's policies come to in the project, inherited ones included, as Google works them out. */
import { z } from "zod";
import { transportConstraints } from "../../../components/account/gcp-constraints.ts";
import type { GoogleConstraintFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";

const values = z.object({
  allowedValues: z.array(z.string()).default([]),
  deniedValues: z.array(z.string()).default([]),
});
const ruleSchema = z.object({
  enforce: z.boolean().optional(),
  allowAll: z.boolean().default(false),
  denyAll: z.boolean().default(false),
  values: values.prefault({}),
  condition: z.object({ expression: z.string() }).optional(),
});
// A policy that is only tried out has no rules here.
const policySchema = z.object({ spec: z.object({ rules: z.array(ruleSchema).default([]) }).prefault({}) });

export function readGoogleConstraints(reads: Reads, project: string): Promise<GoogleConstraintFact[]> {
  return Promise.all(
    Object.values(transportConstraints).map(async (constraint) => {
      const path = `/v2/projects/${project}/policies/${constraint}:getEffectivePolicy`;
      const { spec } = await reads.one({ api: "orgpolicy", path }, policySchema);
      return {
        constraint,
        rules: spec.rules.map(({ values: { allowedValues, deniedValues }, condition, enforce, ...all }) => ({
          ...all,
          ...(enforce === undefined ? {} : { enforce }),
          ...{ allowed: allowedValues, denied: deniedValues },
          ...(condition ? { condition: condition.expression } : {}),
        })),
      };
    }),
  );
}
