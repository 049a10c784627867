/** What the evaluators take and answer, one line each: the published schemas. */
import { z } from "zod";
import { azureIamQuery } from "./azure/decide.ts";
import { azurePolicyFile } from "./azure/policy-file.ts";
import { gcpIamQuery } from "./gcp/decide.ts";
import { gcpPolicyFile } from "./gcp/policy-file.ts";
import { iamAnswer, iamQuery } from "./iam/decide.ts";
import { envelopeAnswer } from "./iam/envelope.ts";
import { policyFile } from "./iam/policy-file.ts";
import { networkAnswer, networkQuery } from "./network/reach.ts";
import { podSecurityAnswer } from "./pod-security/standards.ts";
import { rbacAnswer, rbacQuery } from "./rbac/authorize.ts";
import { coverageAnswer } from "./rbac/coverage.ts";

/** File name → schema. */
export function reasonSchemas(): Record<string, unknown> {
  return {
    "reason-iam-policies.schema.json": z.toJSONSchema(policyFile, { io: "input" }),
    "reason-iam-query.schema.json": z.toJSONSchema(iamQuery, { io: "input" }),
    "reason-iam-answer.schema.json": z.toJSONSchema(iamAnswer),
    "reason-iam-gcp-policies.schema.json": z.toJSONSchema(gcpPolicyFile, { io: "input" }),
    "reason-iam-gcp-query.schema.json": z.toJSONSchema(gcpIamQuery, { io: "input" }),
    "reason-iam-azure-policies.schema.json": z.toJSONSchema(azurePolicyFile, { io: "input" }),
    "reason-iam-azure-query.schema.json": z.toJSONSchema(azureIamQuery, { io: "input" }),
    "reason-iam-envelope.schema.json": z.toJSONSchema(envelopeAnswer),
    "reason-network-query.schema.json": z.toJSONSchema(networkQuery, { io: "input" }),
    "reason-network-answer.schema.json": z.toJSONSchema(networkAnswer),
    "reason-rbac-query.schema.json": z.toJSONSchema(rbacQuery, { io: "input" }),
    "reason-rbac-answer.schema.json": z.toJSONSchema(rbacAnswer),
    "reason-rbac-covers.schema.json": z.toJSONSchema(coverageAnswer),
    "reason-pod-security-answer.schema.json": z.toJSONSchema(podSecurityAnswer),
  };
}
