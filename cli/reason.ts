/** `./biplane verify reason …`: the evaluators alone, on files. */
import type { Command } from "commander";
import { parseOptions } from "./config.ts";

export type Run = (command: Promise<number>) => Promise<void>;

export function addReason(verify: Command, run: Run): void {
  const reason = verify
    .command("reason")
    .description("decide questions from files alone: JSON lines in, JSON lines out in the same order");

  reason
    .command("network")
    .description(
      "may one pod or address connect to another, by NetworkPolicy; unknown where another API's policy speaks",
    )
    .requiredOption("--manifests <dir>", "pods or workloads, namespaces and policies, YAML or JSON")
    .requiredOption(
      "--queries <file>",
      "one question a line (docs/schemas/reason-network-query.schema.json), - for standard input",
    )
    .action(async (raw) =>
      run((await import("./commands/reason.ts")).network(parseOptions("verifyReasonNetwork", raw))),
    );

  reason
    .command("rbac")
    .description("may a user do it, as Kubernetes' RBAC authorizer decides; or what of one role another does not cover")
    .option("--manifests <dir>", "roles and bindings, YAML or JSON")
    .option(
      "--queries <file>",
      "one question a line (docs/schemas/reason-rbac-query.schema.json), - for standard input",
    )
    .option("--covers <file...>", "two files with roles: what the first allows and the second does not")
    .action(async (raw) => run((await import("./commands/reason.ts")).rbac(parseOptions("verifyReasonRbac", raw))));

  reason
    .command("iam")
    .description("what policies allow a principal; of AWS also whether all that they allow is within an envelope")
    .option("--cloud <cloud>", "aws, gcp or azure", "aws")
    .requiredOption(
      "--policies <file>",
      "JSON: of AWS identity, resource, boundary, session and scp policies; of Google Cloud resources, roles and deny " +
        "policies (docs/schemas/reason-iam-gcp-policies.schema.json); of Azure roles, assignments and denials " +
        "(docs/schemas/reason-iam-azure-policies.schema.json)",
    )
    .option(
      "--queries <file>",
      "one question a line (docs/schemas/reason-iam-query.schema.json, reason-iam-gcp-query or reason-iam-azure-query), - for standard input",
    )
    .option("--envelope <file>", "JSON like that of --policies: is everything that they allow within it")
    .action(async (raw) => run((await import("./commands/reason.ts")).iam(parseOptions("verifyReasonIam", raw))));

  reason
    .command("pod-security")
    .description("is each pod, and each workload's template, within Kubernetes' Pod Security Standards")
    .requiredOption("--manifests <dir>", "pods and workloads, YAML or JSON")
    .requiredOption("--level <level>", "baseline or restricted")
    .option("--version <version>", "of the standards: v1.0 to v1.37, or latest; v1.34 if left out")
    .action(async (raw) =>
      run((await import("./commands/reason.ts")).podSecurity(parseOptions("verifyReasonPodSecurity", raw))),
    );
}
