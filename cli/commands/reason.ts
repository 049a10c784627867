/** Reads the files of one question or a thousand, asks the evaluator, prints. */
import { readQueries, toJsonl } from "../../verify/reason/input/jsonl.ts";
import { readManifests } from "../../verify/reason/input/manifests.ts";
import { authorize, rbacQuery } from "../../verify/reason/rbac/authorize.ts";
import { coverage } from "../../verify/reason/rbac/coverage.ts";
import { readRoles } from "../../verify/reason/rbac/roles.ts";
import type { CommandOptions } from "../config.ts";

export async function rbac(options: CommandOptions<"verifyReasonRbac">): Promise<number> {
  if ("covers" in options) {
    const [inner, outer] = options.covers.map(readManifests);
    return print([coverage(inner ?? [], outer ?? [])]);
  }
  const queries = readQueries(options.queries, rbacQuery, "reason-rbac-query.schema.json");
  const roles = readRoles(readManifests(options.manifests));
  return print(queries.map((query) => authorize(roles, query)));
}

function print(answers: readonly unknown[]): number {
  process.stdout.write(toJsonl(answers));
  return 0;
}
