/** What an access entry may do: EKS's own access policies, each for the whole cluster or for namespaces. */
import { fieldsOf, now, type Operation, rest, text } from "../operation.ts";
import { requireEntry } from "./access-entries.ts";
import { invalid, notFound } from "./cluster.ts";

const kind = "eks/access-policy";
const base = "/clusters/{clusterName}/access-entries/{principalArn}/access-policies";
const policyArns = /^arn:aws[\w-]*:eks::aws:cluster-access-policy\/AmazonEKS\w+Policy$/;

export const accessPolicies: readonly Operation[] = [
  rest("eks", "POST", base, async (call) => {
    const { cluster, principalArn } = await requireEntry(call);
    const policyArn = text(call.input.policyArn, "policyArn");
    if (!policyArns.test(policyArn)) throw invalid("InvalidParameterException", "The policyArn is not valid");
    const { type, namespaces = [] } = fieldsOf(call.input.accessScope);
    if (type !== "cluster" && type !== "namespace") {
      throw invalid("InvalidParameterException", "accessScope.type must be cluster or namespace");
    }
    const before = call.records(kind).get(cluster, principalArn, policyArn);
    const associatedAccessPolicy = {
      policyArn,
      accessScope: { type, namespaces },
      associatedAt: before?.associatedAt ?? now(),
      modifiedAt: now(),
    };
    call.records(kind).set([cluster, principalArn, policyArn], associatedAccessPolicy);
    return { clusterName: cluster, principalArn, associatedAccessPolicy };
  }),

  rest("eks", "GET", base, async (call) => {
    const { cluster, principalArn } = await requireEntry(call);
    const associatedAccessPolicies = call.records(kind).under(cluster, principalArn);
    return { clusterName: cluster, principalArn, associatedAccessPolicies };
  }),

  rest("eks", "DELETE", `${base}/{policyArn}`, async (call) => {
    const { cluster, principalArn } = await requireEntry(call);
    const policyArn = text(call.path.policyArn, "policyArn");
    if (!call.records(kind).get(cluster, principalArn, policyArn)) {
      throw notFound("The specified associated access policy could not be found.");
    }
    call.records(kind).remove(cluster, principalArn, policyArn);
    return {};
  }),
];
