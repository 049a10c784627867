/** Is everything that some roles allow also allowed by others: the API server's check against escalation, on files. */
import { z } from "zod";
import { refusal } from "../../../shared/errors.ts";
import type { Manifest } from "../input/manifests.ts";
import { readRoles } from "./roles.ts";
import { type PolicyRule, uncovered } from "./rules.ts";

const names = z.array(z.string()).optional();

export const coverageAnswer = z.object({
  within: z.boolean(),
  missing: z
    .array(z.object({ verbs: names, apiGroups: names, resources: names, resourceNames: names, nonResourceURLs: names }))
    .describe("What is not covered, broken down: one verb and one resource or URL each"),
});

export function coverage(inner: readonly Manifest[], outer: readonly Manifest[]): z.infer<typeof coverageAnswer> {
  const missing = uncovered(rulesOf(inner), rulesOf(outer));
  return { within: missing.length === 0, missing: missing.map(withoutEmpty) };
}

/** A file without roles would be covered by anything, or cover nothing, by accident. */
function rulesOf(manifests: readonly Manifest[]): PolicyRule[] {
  const { rules } = readRoles(manifests);
  if (rules.size > 0) return [...rules.values()].flat();
  throw refusal({
    subject: manifests[0]?.source ?? "--covers",
    value: manifests.map(({ kind }) => kind).join(", "),
    allowed: "at least one Role or ClusterRole of rbac.authorization.k8s.io",
  });
}

/** As Kubernetes writes a rule. */
function withoutEmpty(rule: PolicyRule): z.infer<typeof coverageAnswer>["missing"][number] {
  return Object.fromEntries(Object.entries(rule).filter(([, values]) => values.length > 0));
}
