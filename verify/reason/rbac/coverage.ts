/** Is everything that some roles allow also allowed by others: the API server's check against escalation, on files. */
import { z } from "zod";
import { refusal } from "../../../shared/errors.ts";
import type { Manifest } from "../input/manifests.ts";
import { type Roles, readRoles } from "./roles.ts";
import { type PolicyRule, policyRule, uncovered } from "./rules.ts";

const names = z.array(z.string()).optional();

export const coverageAnswer = z.object({
  within: z.boolean(),
  missing: z
    .array(z.object({ verbs: names, apiGroups: names, resources: names, resourceNames: names, nonResourceURLs: names }))
    .describe("What is not covered, broken down: one verb and one resource or URL each"),
});

const everything = policyRule.parse({ verbs: ["*"], apiGroups: ["*"], resources: ["*"] });
const everyPath = policyRule.parse({ verbs: ["*"], nonResourceURLs: ["*"] });

export function coverage(inner: readonly Manifest[], outer: readonly Manifest[]): z.infer<typeof coverageAnswer> {
  const [asked, owned] = [rolesOf(inner), rolesOf(outer)];
  // What its controller wrote into an aggregated role is asked for, but never counted on.
  const missing = uncovered([...rulesIn(asked), ...asked.written], rulesIn(owned));
  const untold = missing.length > 0 ? owned.untold : asked.untold;
  // Whatever a role gathers is within all.
  if (untold.size > 0 && uncovered([everything, everyPath], rulesIn(owned)).length > 0) {
    throw refusal({
      subject: "--covers",
      value: [...untold].join(", "),
      allowed: "roles that gather none which the file does not tell",
      todo: "Put what it gathers into the file: kubectl get clusterroles -o yaml.",
    });
  }
  return { within: missing.length === 0, missing: missing.map(withoutEmpty) };
}

/** A file without roles would be covered by anything, or cover nothing, by accident. */
function rolesOf(manifests: readonly Manifest[]): Roles {
  const roles = readRoles(manifests);
  if (roles.rules.size > 0) return roles;
  throw refusal({
    subject: manifests[0]?.source ?? "--covers",
    value: manifests.map(({ kind }) => kind).join(", "),
    allowed: "at least one Role or ClusterRole of rbac.authorization.k8s.io",
  });
}

function rulesIn({ rules }: Roles): PolicyRule[] {
  return [...rules.values()].flat();
}

/** As Kubernetes writes a rule. */
function withoutEmpty(rule: PolicyRule): z.infer<typeof coverageAnswer>["missing"][number] {
  return Object.fromEntries(Object.entries(rule).filter(([, values]) => values.length > 0));
}
