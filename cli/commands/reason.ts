/** Reads the files of one question or a thousand, asks the evaluator, prints. */
import { azureIamQuery, decideAzure } from "../../verify/reason/azure/decide.ts";
import { readAzurePolicies } from "../../verify/reason/azure/policy-file.ts";
import { decideGcp, gcpIamQuery } from "../../verify/reason/gcp/decide.ts";
import { readGcpPolicies } from "../../verify/reason/gcp/policy-file.ts";
import { decide, iamQuery } from "../../verify/reason/iam/decide.ts";
import { withinEnvelope } from "../../verify/reason/iam/envelope.ts";
import { readPolicyFile } from "../../verify/reason/iam/policy-file.ts";
import { readQueries, toJsonl } from "../../verify/reason/input/jsonl.ts";
import { readManifests } from "../../verify/reason/input/manifests.ts";
import { mayConnect, networkQuery, readNetwork } from "../../verify/reason/network/reach.ts";
import { readPods } from "../../verify/reason/pod-security/pod.ts";
import { podSecurity as judgePods } from "../../verify/reason/pod-security/standards.ts";
import { authorize, rbacQuery } from "../../verify/reason/rbac/authorize.ts";
import { coverage } from "../../verify/reason/rbac/coverage.ts";
import { readRoles } from "../../verify/reason/rbac/roles.ts";
import type { CommandOptions } from "../config.ts";

export async function network(options: CommandOptions<"verifyReasonNetwork">): Promise<number> {
  const queries = readQueries(options.queries, networkQuery, "reason-network-query.schema.json");
  const known = readNetwork(readManifests(options.manifests));
  return print(queries.map((query) => mayConnect(known, query)));
}

export async function rbac(options: CommandOptions<"verifyReasonRbac">): Promise<number> {
  if ("covers" in options) {
    const [inner, outer] = options.covers.map(readManifests);
    return print([coverage(inner ?? [], outer ?? [])]);
  }
  const queries = readQueries(options.queries, rbacQuery, "reason-rbac-query.schema.json");
  const roles = readRoles(readManifests(options.manifests));
  return print(queries.map((query) => authorize(roles, query)));
}

export async function iam(options: CommandOptions<"verifyReasonIam">): Promise<number> {
  if (options.cloud === "gcp") {
    const queries = readQueries(options.queries, gcpIamQuery, "reason-iam-gcp-query.schema.json");
    const policies = readGcpPolicies(options.policies);
    return print(queries.map((query) => decideGcp(policies, query)));
  }
  if (options.cloud === "azure") {
    const queries = readQueries(options.queries, azureIamQuery, "reason-iam-azure-query.schema.json");
    const policies = readAzurePolicies(options.policies);
    return print(queries.map((query) => decideAzure(policies, query)));
  }
  if ("envelope" in options) {
    return print([withinEnvelope(readPolicyFile(options.policies), readPolicyFile(options.envelope))]);
  }
  const queries = readQueries(options.queries, iamQuery, "reason-iam-query.schema.json");
  const policies = readPolicyFile(options.policies);
  return print(queries.map((query) => decide(policies, query)));
}

export async function podSecurity(options: CommandOptions<"verifyReasonPodSecurity">): Promise<number> {
  const judge = judgePods(options.level, options.version);
  return print(readPods(readManifests(options.manifests)).map(judge));
}

function print(answers: readonly unknown[]): number {
  process.stdout.write(toJsonl(answers));
  return 0;
}
