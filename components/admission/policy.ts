/** One admission policy as a planner sees it, and the two Kubernetes objects that it becomes. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { namespaceLabel } from "../workloads/labels.ts";

type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

interface Guarded {
  /** @default "", the core group */
  group?: string;
  resources: string[];
  operations: Operation[];
}

interface Named {
  name: string;
  expression: Input<string>;
}

export interface Validation {
  /** CEL; true lets the request pass. */
  expression: string;
  /** CEL of what a person is told: what was wrong, with which value, what is allowed and the way out. */
  told: string;
}

export interface Policy {
  /** Its objects are named `<name>.<platform namespace>.biplane.dev`. */
  name: string;
  /** Ids of controls.md that it upholds. */
  claims: string[];
  guards: Guarded[];
  /** Namespaces by name, which nobody can take off as a label. @default the whole cluster */
  namespaces?: string[];
  /** The policy holds where all are true. @default always */
  conditions?: Named[];
  variables?: Named[];
  validations: Validation[];
}

type PolicySpec = types.input.admissionregistration.v1.ValidatingAdmissionPolicySpec;
type BindingSpec = types.input.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec;

export function policyName({ name }: Policy, namespace: string): string {
  return `${name}.${namespace}.biplane.dev`;
}

/** A policy that cannot be evaluated refuses: not knowing is not passing. */
export function renderPolicy({ guards, conditions, variables, validations }: Policy): PolicySpec {
  return {
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: guards.map(({ group = "", resources, operations }) => ({
        apiGroups: [group],
        apiVersions: ["*"],
        operations,
        resources,
      })),
    },
    ...(conditions ? { matchConditions: conditions } : {}),
    ...(variables ? { variables } : {}),
    validations: validations.map(({ expression, told }) => ({
      expression,
      messageExpression: told,
      // What is told where the expression itself fails, on a name that is not there.
      message: "refused by a policy of the platform",
      reason: "Forbidden",
    })),
  };
}

/** Each refusal is kept in the API server's audit log too. */
export function renderBinding({ namespaces }: Policy, policyName: Input<string>): BindingSpec {
  return {
    policyName,
    validationActions: ["Deny", "Audit"],
    ...(namespaces
      ? {
          matchResources: {
            namespaceSelector: { matchExpressions: [{ key: namespaceLabel, operator: "In", values: namespaces }] },
          },
        }
      : {}),
  };
}
