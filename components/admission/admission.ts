import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "../workloads/labels.ts";
import { type AdmissionArgs, planAdmission } from "./plan.ts";
import { type Policy, policyName, renderBinding, renderPolicy } from "./policy.ts";

/**
 * What the API server refuses whoever asks, and whatever RBAC grants: ValidatingAdmissionPolicies in CEL, so that no
 * webhook has to run. Each one names the claims that it upholds in its annotation `biplane.dev/claims`.
 */
export class Admission extends pulumi.ComponentResource {
  /** In force soon after they are made: the API server reads its policies anew about once a second. */
  readonly policies: pulumi.Resource[];

  constructor(name: string, args: AdmissionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:admission:Admission", name, {}, opts);
    const { namespace } = args;
    const policies = planAdmission(args);

    this.policies = policies.map((policy) => createPolicy(`${name}-${policy.name}`, policy, namespace, this));
    this.registerOutputs({});
  }
}

/** The binding comes after its policy and goes before it, so that no new namespace is judged by an old list. */
function createPolicy(name: string, policy: Policy, namespace: string, parent: pulumi.Resource): pulumi.Resource {
  const metadata = {
    name: policyName(policy, namespace),
    labels: labelsOf("admission"),
    annotations: { "biplane.dev/claims": policy.claims.join(",") },
  };
  const made = new kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy(
    name,
    { metadata, spec: renderPolicy(policy) },
    { parent },
  );
  return new kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
    name,
    { metadata, spec: renderBinding(policy, made.metadata.name) },
    { parent },
  );
}
