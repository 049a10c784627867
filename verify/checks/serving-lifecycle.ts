/** BYOC: what makes it true that the vendor upgrades, scales and configures what serves apps, and does no more there. */
import type { V1Deployment } from "@kubernetes/client-node";
import {
  homesOf,
  type Management,
  managersOf,
  planManagement,
  rightsByPlace,
} from "../../components/admission/management.ts";
import { managedPrograms, servingHomes } from "../../components/admission/management-serving.ts";
import { policyName } from "../../components/admission/policy.ts";
import { managersAnnotation } from "../../components/serving/contract.ts";
import { type Facts, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { faultIn, faultInBindings } from "../reason/admission.ts";
import {
  allows,
  expand,
  grantsToGroup,
  grantsToNamed,
  onAnyName,
  type RbacFacts,
  textOf,
  whoeverSignsIn,
} from "../reason/rbac/grants.ts";
import type { PlaneTarget } from "../target.ts";
import { refusedInServing } from "./cls-06-management-apart.ts";

export const lifecycleFacts = [
  ...(["roles", "clusterRoles", "roleBindings", "clusterRoleBindings"] as const),
  ...(["deployments", "admissionPolicies", "admissionBindings"] as const),
] as const;
type Seen = RbacFacts & Pick<Facts, "deployments" | "admissionPolicies" | "admissionBindings">;

export const lifecycle = {
  title:
    "BYOC: the vendor's managers upgrade, scale and configure what serves apps, in the customer's account, and do no more there",
  severity: "critical" as const,
  claims: ["apps-byoc-lifecycle"],
  documented: [],
  fix: "Run `pulumi up` on the customer stack; remove roles, bindings and policies that it did not make.",
};

/** @param decidedBy the check that nobody of the vendor's is there */
export function withoutLifecycle(
  { model, servesApps, management }: PlaneTarget & { management?: { level: Management["level"] } | undefined },
  decidedBy: string,
): string | undefined {
  if (model === "self-managed") return `self-managed: no identity of the vendor's exists, as ${decidedBy} decides`;
  if (!servesApps) return "no apps are served: the stack has no setting apps";
  return management?.level === "read-only" ? "the customer lets the vendor look only, and manages itself" : undefined;
}

export function judgeLifecycle(management: Management, facts: Seen, target: PlaneTarget): Finding[] {
  return [
    ...Object.values(servingHomes).flatMap((namespace) => judgeRightsIn(namespace, management, facts, target)),
    judgeFence(management, facts, target),
    ...judgeOwners(management, facts.deployments),
  ];
}

function judgeRightsIn(namespace: string, management: Management, facts: RbacFacts, target: PlaneTarget): Finding[] {
  const who = managersOf(management);
  const isHere = (where: string | undefined) => where === undefined || where === namespace;
  const wanted = new Set(
    rightsByPlace(management.level, homesOf(target))
      .filter((right) => isHere(right.namespace))
      .flatMap((right) => expand(right.rules, right.namespace, who.name))
      .map(textOf),
  );
  const held = grantsToNamed(who, facts).filter((grant) => isHere(grant.namespace));
  const subject = `${who.kind.toLowerCase()} ${who.name} in ${namespace}`;
  const beyond = held.find((grant) => !wanted.has(textOf(grant)));
  const missing = [...wanted].find((text) => !held.some((grant) => textOf(grant) === text));
  if (beyond) return [fail(subject, `may ${textOf(beyond)}, by ${beyond.via}`)];
  if (missing !== undefined) return [fail(subject, `may not ${missing}`)];
  // What everybody has, they have too.
  const all = onAnyName([...held, ...grantsToGroup(whoeverSignsIn, facts)]);
  return [
    pass(subject, `${wanted.size} rights, as level ${management.level} has them`),
    ...refusedInServing(namespace).map((asked): Finding => {
      const grant = allows(all, asked);
      const question = `${who.kind.toLowerCase()} ${who.name} → ${textOf({ ...asked, via: "" })}`;
      return grant ? fail(question, `allowed by ${grant.via}`) : pass(question, "no rule says so");
    }),
  ];
}

function judgeFence(management: Management, facts: Seen, target: PlaneTarget): Finding {
  const wanted = planManagement(management, target);
  const name = policyName(wanted, target.namespace);
  const subject = `ValidatingAdmissionPolicy/${name}`;
  const found = facts.admissionPolicies.find(({ metadata }) => metadata?.name === name);
  const fault = faultIn(found, wanted) ?? faultInBindings(name, facts.admissionBindings);
  return fault
    ? fail(subject, fault)
    : pass(subject, `refuses the managers all but ${wanted.validations.length} rules let pass`);
}

/** By names: whoever looks at a program there learns who changes it beside the stack. */
function judgeOwners(management: Management, deployments: readonly V1Deployment[]): Finding[] {
  const { name: managers } = managersOf(management);
  return (Object.keys(servingHomes) as (keyof typeof servingHomes)[]).flatMap((where) =>
    managedPrograms[where].map((name) => {
      const namespace = servingHomes[where];
      const found = deployments.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
      if (!found) return fail(`Deployment/${namespace}/${name}`, "is not there");
      const told = found.metadata?.annotations?.[managersAnnotation];
      if (told !== managers)
        return fail(subjectOf("Deployment", found), told ? `tells of ${told} as who manages it` : "tells of nobody");
      const images = found.spec?.template.spec?.containers.map(({ image }) => image).join(", ");
      return pass(subjectOf("Deployment", found), `managed by ${told}; runs ${images}`);
    }),
  );
}
