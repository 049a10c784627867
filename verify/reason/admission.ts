/** Whether an API server holds an admission policy of the kit's as the kit words it, and asks it about everything. */
import type {
  V1LabelSelector,
  V1MatchResources,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from "@kubernetes/client-node";
import { type Policy, renderPolicy } from "../../components/admission/policy.ts";

/** What may stand there beside only refuses more. @returns what is wrong, or nothing */
export function faultIn(found: V1ValidatingAdmissionPolicy | undefined, wanted: Policy): string | undefined {
  if (!found?.spec) return "is not there";
  const { spec } = found;
  const rendered = renderPolicy(wanted);
  if (spec.failurePolicy !== "Fail") return "lets pass what it cannot judge";
  if (spec.paramKind) return "asks an object that may be another";
  const narrowed = narrowing(spec.matchConstraints, true);
  if (narrowed) return narrowed;
  const rules = spec.matchConstraints?.resourceRules ?? [];
  const missing = wanted.guards.find(
    ({ group = "", resources, operations }) =>
      !rules.some(
        (rule) =>
          rule.apiGroups?.includes(group) &&
          rule.apiVersions?.includes("*") &&
          (rule.scope ?? "*") === "*" &&
          !rule.resourceNames?.length &&
          resources.every((one) => rule.resources?.includes(one)) &&
          operations.every((one) => rule.operations?.includes(one) || rule.operations?.includes("*")),
      ),
  );
  if (missing) return `is not asked about ${missing.operations.join(", ")} of ${missing.resources.join(", ")}`;
  if (textOf(spec.matchConditions) !== textOf(rendered.matchConditions)) return "holds for others than it should";
  const variables = new Map((spec.variables ?? []).map(({ name, expression }) => [name, expression]));
  const changed = (wanted.variables ?? []).find(({ name, expression }) => variables.get(name) !== expression);
  if (changed) return `means something else by ${changed.name}`;
  const asked = new Set((spec.validations ?? []).map(({ expression }) => expression));
  const lost = wanted.validations.findIndex(({ expression }) => !asked.has(expression));
  return lost === -1 ? undefined : `lacks rule ${lost + 1} of ${wanted.validations.length}`;
}

/** @returns what keeps each of the policy's bindings from refusing everywhere, or nothing */
export function faultInBindings(
  policyName: string,
  bindings: readonly V1ValidatingAdmissionPolicyBinding[],
): string | undefined {
  const own = bindings.filter(({ spec }) => spec?.policyName === policyName);
  if (own.length === 0) return "is bound nowhere";
  const faults = own.map(({ spec }) => {
    if (!spec?.validationActions?.includes("Deny")) return "is bound to tell and not to refuse";
    if (spec.paramRef) return "is bound to an object that may be another";
    return narrowing(spec.matchResources, false);
  });
  return faults.includes(undefined) ? undefined : faults[0];
}

const isOpen = (selector: V1LabelSelector | undefined) =>
  !selector?.matchExpressions?.length && Object.keys(selector?.matchLabels ?? {}).length === 0;

function narrowing(match: V1MatchResources | undefined, ruled: boolean): string | undefined {
  if (!isOpen(match?.namespaceSelector)) return "holds in some namespaces only";
  if (!isOpen(match?.objectSelector)) return "holds for some objects only";
  if (match?.excludeResourceRules?.length) return "leaves objects out";
  if (!ruled && match?.resourceRules?.length) return "is bound for some objects only";
  return undefined;
}

/** In any order: all of them must hold. */
function textOf(conditions: unknown): string {
  const list = (conditions ?? []) as { name: string; expression: unknown }[];
  return JSON.stringify(list.map(({ name, expression }) => [name, expression]).sort());
}
