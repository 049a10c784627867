/** What must turn the checks of BYOC's lifecycle of serving red, in each cloud: rights, fence and words on objects. */
import { type Management, managersOf } from "../../components/admission/management.ts";
import { managedPrograms, servingHomes } from "../../components/admission/management-serving.ts";
import { managersAnnotation } from "../../components/serving/contract.ts";
import type { Facts } from "../facts.ts";
import type { RbacFacts } from "../reason/rbac/grants.ts";

type Seen = RbacFacts & Pick<Facts, "deployments" | "admissionPolicies" | "admissionBindings">;
type Rules = NonNullable<Facts["roles"][number]["rules"]>;

interface Break<T> {
  name: string;
  apply(facts: Seen, target: T): undefined | false;
}

const { serving, gateway } = servingHomes;
const rbac = "rbac.authorization.k8s.io";
const own = "biplane-managers";
const fence = /^management\./;

/** @param managementOf whom the target names */
export function lifecycleSabotages<T>(managementOf: (target: T) => Management | undefined): Break<T>[] {
  const subjectIn = (target: T) => {
    const management = managementOf(target);
    if (!management) return undefined;
    const { kind, name } = managersOf(management);
    return { kind, name, apiGroup: rbac };
  };
  return [
    {
      name: "the managers' role in Knative's namespace is gone",
      apply(facts) {
        facts.roles = facts.roles.filter(({ metadata }) => metadata?.name !== own || metadata.namespace !== serving);
      },
    },
    {
      name: "the managers' role in the gateway's namespace is bound to nobody",
      apply({ roleBindings }) {
        for (const binding of roleBindings)
          if (binding.metadata?.name === own && binding.metadata.namespace === gateway) binding.subjects = [];
      },
    },
    {
      name: "the managers may not scale the gateway, by the last resource of their role",
      apply: ({ roles }) =>
        change(roles, gateway, (rules) => rules.filter(({ resources }) => !resources?.includes("deployments/scale"))),
    },
    {
      name: "one more rule, the last of their own role, lets them make pods",
      apply: ({ roles }) =>
        change(roles, serving, (rules) => [...rules, { apiGroups: [""], resources: ["pods"], verbs: ["create"] }]),
    },
    {
      name: "the first rule of their own role loses its names",
      apply: ({ roles }) =>
        change(roles, gateway, ([first, ...rest]) => (first ? [{ ...first, resourceNames: [] }, ...rest] : [])),
    },
    {
      name: "a binding before all others lets them read Secrets in the gateway's namespace",
      apply: (facts, target) =>
        bindIn(facts, "first", gateway, subjectIn(target), { resources: ["secrets"], verbs: ["get"] }),
    },
    {
      name: "a binding after all others lets them open sessions in Knative's namespace",
      apply: (facts, target) =>
        bindIn(facts, "last", serving, subjectIn(target), { resources: ["pods/exec"], verbs: ["create"] }),
    },
    {
      name: "a cluster role of wildcards is theirs",
      apply(facts, target) {
        const subject = subjectIn(target);
        if (!subject) return false;
        facts.clusterRoles.push({
          metadata: { name: "all" },
          rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
        });
        facts.clusterRoleBindings.push({
          metadata: { name: "all" },
          roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "all" },
          subjects: [subject],
        });
        return undefined;
      },
    },
    {
      name: "a wildcard lets everybody who is authenticated take tokens in the gateway's namespace",
      apply: (facts) =>
        bindIn(
          facts,
          "last",
          gateway,
          { kind: "Group", name: "system:authenticated", apiGroup: rbac },
          {
            resources: ["*"],
            verbs: ["*"],
          },
        ),
    },
    {
      name: "the first program tells of nobody who manages it",
      apply: ({ deployments }) => tell(deployments, managedPrograms.serving[0], undefined),
    },
    {
      name: "the last program tells of somebody else",
      apply: ({ deployments }) => tell(deployments, managedPrograms.gateway[0], "somebody@else.test"),
    },
    {
      name: "the fence of the managers is gone",
      apply(facts) {
        facts.admissionPolicies = facts.admissionPolicies.filter(({ metadata }) => !fence.test(metadata?.name ?? ""));
      },
    },
    {
      name: "the fence lets pass what it cannot judge",
      apply: ({ admissionPolicies }) =>
        refence(admissionPolicies, (spec) => {
          spec.failurePolicy = "Ignore";
        }),
    },
    {
      name: "the first rule of the fence is always true",
      apply: ({ admissionPolicies }) =>
        refence(admissionPolicies, ({ validations: [first] = [] }) => {
          if (first) first.expression = "true";
        }),
    },
    {
      name: "the last rule of the fence is gone",
      apply: ({ admissionPolicies }) =>
        refence(admissionPolicies, ({ validations }) => {
          validations?.pop();
        }),
    },
    {
      name: "the fence holds for one session of theirs only",
      apply: ({ admissionPolicies }) =>
        refence(admissionPolicies, ({ matchConditions }) => {
          matchConditions?.push({ name: "one", expression: `request.userInfo.username == "one@vendor.test"` });
        }),
    },
    {
      name: "the fence means nothing any more by what it looks at",
      apply: ({ admissionPolicies }) =>
        refence(admissionPolicies, ({ variables = [] }) => {
          const last = variables.at(-1);
          if (last) last.expression = "false";
        }),
    },
    {
      name: "the fence is not asked about the last operation, sessions",
      apply: ({ admissionPolicies }) =>
        refence(admissionPolicies, ({ matchConstraints }) => {
          for (const rule of matchConstraints?.resourceRules ?? []) rule.operations?.pop();
        }),
    },
    {
      name: "the fence leaves Deployments out",
      apply: ({ admissionPolicies }) =>
        refence(admissionPolicies, ({ matchConstraints }) => {
          const rule = { apiGroups: ["apps"], apiVersions: ["*"], operations: ["UPDATE"], resources: ["deployments"] };
          if (matchConstraints) matchConstraints.excludeResourceRules = [rule];
        }),
    },
    {
      name: "the fence is bound to tell and not to refuse",
      apply: ({ admissionBindings }) =>
        rebind(admissionBindings, (spec) => {
          spec.validationActions = ["Audit", "Warn"];
        }),
    },
    {
      name: "the fence is bound where namespaces say so",
      apply: ({ admissionBindings }) =>
        rebind(admissionBindings, (spec) => {
          spec.matchResources = { namespaceSelector: { matchLabels: { fenced: "yes" } } };
        }),
    },
    {
      name: "the fence is bound no more",
      apply(facts) {
        facts.admissionBindings = facts.admissionBindings.filter(({ metadata }) => !fence.test(metadata?.name ?? ""));
      },
    },
  ];
}

function change(roles: Seen["roles"], namespace: string, to: (rules: Rules) => Rules): undefined | false {
  const role = roles.find(({ metadata }) => metadata?.name === own && metadata.namespace === namespace);
  if (!role?.rules?.length) return false;
  role.rules = to(role.rules);
  return undefined;
}

function bindIn(
  facts: Seen,
  at: "first" | "last",
  namespace: string,
  subject: NonNullable<Seen["roleBindings"][number]["subjects"]>[number] | undefined,
  rule: Pick<Rules[number], "resources" | "verbs">,
): undefined | false {
  if (!subject) return false;
  const metadata = { name: "more", namespace };
  const role = { metadata, rules: [{ apiGroups: rule.resources?.includes("*") ? ["*"] : [""], ...rule }] };
  const binding = { metadata, roleRef: { apiGroup: rbac, kind: "Role", name: "more" }, subjects: [subject] };
  facts.roles = at === "first" ? [role, ...facts.roles] : [...facts.roles, role];
  facts.roleBindings = at === "first" ? [binding, ...facts.roleBindings] : [...facts.roleBindings, binding];
  return undefined;
}

function tell(deployments: Seen["deployments"], name: string, managers: string | undefined): undefined | false {
  const metadata = deployments.find((one) => one.metadata?.name === name)?.metadata;
  if (!metadata) return false;
  const { [managersAnnotation]: _, ...rest } = metadata.annotations ?? {};
  metadata.annotations = managers === undefined ? rest : { ...rest, [managersAnnotation]: managers };
  return undefined;
}

function refence(
  policies: Seen["admissionPolicies"],
  to: (spec: NonNullable<Seen["admissionPolicies"][number]["spec"]>) => void,
): undefined | false {
  const spec = policies.find(({ metadata }) => fence.test(metadata?.name ?? ""))?.spec;
  if (!spec) return false;
  to(spec);
  return undefined;
}

function rebind(
  bindings: Seen["admissionBindings"],
  to: (spec: NonNullable<Seen["admissionBindings"][number]["spec"]>) => void,
): undefined | false {
  const spec = bindings.find(({ metadata }) => fence.test(metadata?.name ?? ""))?.spec;
  if (!spec) return false;
  to(spec);
  return undefined;
}
