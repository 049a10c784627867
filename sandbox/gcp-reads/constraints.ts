/** The organisation's policies on transport as they come to in the project, which lies in nothing: its own, or the default. */
import { oldTls, transportConstraints } from "../../components/account/gcp-constraints.ts";
import { projectNumber } from "../providers/gcp/rows.ts";
import { list, object } from "../providers/machine/reads.ts";
import type { Value } from "../providers/machine/values.ts";
import { given, type KeptProject, type Route } from "./answer.ts";

/** In the API's words. */
export interface ConstraintRule {
  enforce?: boolean;
  allowAll?: boolean;
  values?: { allowedValues?: string[]; deniedValues?: string[] };
}

/** Where nobody set one. Source: Resource Manager, "Organization policy constraints". */
const defaults: Readonly<Record<string, ConstraintRule>> = {
  [transportConstraints.plain]: { enforce: false },
  [transportConstraints.versions]: { allowAll: true },
};

export const constraintRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/v2\/projects\/([^/]+)\/policies\/([\w.]+):getEffectivePolicy$/,
    answer([project = "", constraint = ""], _, { kept }) {
      if (!Object.hasOwn(defaults, constraint)) return undefined;
      const name = `projects/${projectNumber}/policies/${constraint}`;
      return { name, spec: { rules: effectiveRules(kept, project, constraint) } };
    },
  },
];

function effectiveRules(kept: KeptProject["kept"], project: string, constraint: string): ConstraintRule[] {
  const entry = kept[`projects/${project}/policies/${constraint}`];
  if (entry && !entry.destroyed) return list(object(entry.inputs.spec ?? {}).rules).map(ruleOf);
  return [defaults[constraint] ?? {}];
}

/** The provider's words for on and off are text. */
function ruleOf(rule: Value): ConstraintRule {
  const { enforce, allowAll, denyAll, values, condition } = object(rule);
  const isOn = (value: Value | undefined) => (value === undefined ? undefined : String(value).toUpperCase() === "TRUE");
  return given({
    ...{ enforce: isOn(enforce), allowAll: isOn(allowAll), denyAll: isOn(denyAll), values, condition },
  }) as ConstraintRule;
}

/** What of a request's transport the project's policies refuse. Conditions are read as if they held. */
export function refusedTransport(
  kept: KeptProject["kept"],
  project: string,
  /** Of the connection: undefined for one in clear. */
  tls: string | undefined,
): string | undefined {
  const rules = (constraint: string) => effectiveRules(kept, project, constraint);
  if (tls === undefined)
    return rules(transportConstraints.plain).some(({ enforce }) => enforce) ? transportConstraints.plain : undefined;
  const version = oldTls[["TLSv1", "TLSv1.1"].indexOf(tls)];
  const denied = rules(transportConstraints.versions).flatMap(({ values }) => values?.deniedValues ?? []);
  return version !== undefined && denied.includes(version) ? transportConstraints.versions : undefined;
}
