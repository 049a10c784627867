import { z } from "zod";
import type { GoogleProjectFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";
import { policyByPost, readBindings } from "./policy.ts";

const api = "cloudresourcemanager";

const projectSchema = z.object({ name: z.string().regex(/^projects\/\d+$/), projectId: z.string() });
const ancestrySchema = z.object({
  ancestor: z
    .array(z.object({ resourceId: z.object({ type: z.enum(["project", "folder", "organization"]), id: z.string() }) }))
    .min(1),
});
const denyName = z.object({ name: z.string() });
const denySchema = z.object({
  rules: z
    .array(
      z.object({
        denyRule: z
          .object({
            deniedPrincipals: z.array(z.string()).default([]),
            exceptionPrincipals: z.array(z.string()).default([]),
            deniedPermissions: z.array(z.string()).default([]),
            exceptionPermissions: z.array(z.string()).default([]),
            denialCondition: z.object({ expression: z.string() }).optional(),
          })
          .optional(),
      }),
    )
    .default([]),
});

/** A right is given above a project as well as in it, so all that it lies in is asked. */
export async function readGoogleProject(reads: Reads, project: string): Promise<GoogleProjectFact> {
  const [{ name, projectId }, { ancestor }] = await Promise.all([
    reads.one({ api, path: `/v3/projects/${project}` }, projectSchema),
    reads.one({ api, method: "POST", path: `/v1/projects/${project}:getAncestry`, json: {} }, ancestrySchema),
  ]);
  const names = ancestor.map(({ resourceId: { type, id } }) => `${type}s/${id}`);
  const [policies, denyPolicies] = await Promise.all([
    Promise.all(
      names.map(async (on, at) => {
        const parent = names[at + 1];
        const bindings = await readBindings(reads, policyByPost(api, `/v3/${on}`));
        return { name: on, ...(parent === undefined ? {} : { parent }), bindings };
      }),
    ),
    Promise.all(names.map((on) => readDenyPolicies(reads, on))),
  ]);
  return { id: projectId, number: name.replace("projects/", ""), policies, denyPolicies: denyPolicies.flat() };
}

async function readDenyPolicies(reads: Reads, on: string): Promise<GoogleProjectFact["denyPolicies"]> {
  const attached = encodeURIComponent(`${api}.googleapis.com/${on}`);
  const path = `/v2/policies/${attached}/denypolicies`;
  const listed = await reads.all({ api: "iam", path, query: { pageSize: "1000" } }, "policies", denyName);
  // A list tells no rules.
  return Promise.all(
    listed.map(async ({ name }) => {
      const { rules } = await reads.one({ api: "iam", path: `/v2/${name}` }, denySchema);
      return {
        on,
        rules: rules.flatMap(({ denyRule }) => {
          if (!denyRule) return [];
          const { denialCondition, ...rule } = denyRule;
          return [{ ...rule, ...(denialCondition ? { condition: denialCondition.expression } : {}) }];
        }),
      };
    }),
  );
}
