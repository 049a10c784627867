/** `./biplane verify …`: decide claims on planes, or on what was read of them before. */
import type { Command } from "commander";
import { parseOptions } from "./config.ts";
import { addReason, type Run } from "./reason.ts";

export function addVerify(program: Command, run: Run): void {
  const verify = withReports(
    program.command("verify").description("decide the security claims on the customer's plane, with evidence"),
  )
    .option("--target <file>", "JSON file that names what to verify")
    .option("--accept-unevaluated <file>", "YAML list of claims that cannot be decided here")
    .option("--waivers <file>", "YAML list of findings that somebody answers for (docs/schemas/waivers.schema.json)")
    .option("--bundle <file>", "write all that was read, signed, for verify replay")
    .option("--sign-with <file>", "Ed25519 private key for the bundle (one of this machine's own)")
    .option("--only <id...>", "these checks alone")
    .option("--plane <plane>", "checks of this plane alone: compute or control")
    .option("--probe", "also try what should be refused, by a plan that is printed first; cleans up behind itself")
    .option("--fail-on <severity>", "the least severity whose findings answer 1: low, medium, high or critical (low)")
    .action(async (raw) => run((await import("./commands/verify.ts")).verifyCommand(parseOptions("verify", raw))));

  withReports(
    verify
      .command("replay")
      .description("check a bundle's signature and content, and come to its report again without any network")
      .argument("<bundle>"),
  )
    .option("--signer <file>", "public key that must have signed it")
    .action(async (bundle, raw) =>
      run(
        (await import("./commands/verify-bundle.ts")).replayCommand(parseOptions("verifyReplay", { bundle, ...raw })),
      ),
    );

  verify
    .command("diff")
    .description("what is new, fixed, unchanged or incomparable between two bundles")
    .argument("<before>")
    .argument("<after>")
    .option("--signer <file>", "public key that must have signed both")
    .option("--json", "as JSON")
    .action(async (before, after, raw) =>
      run(
        (await import("./commands/verify-bundle.ts")).diffCommand(
          parseOptions("verifyDiff", { before, after, ...raw }),
        ),
      ),
    );

  verify
    .command("prove")
    .description(
      "break a snapshot in every way that the checks name, and show that each check sees it, and no other does",
    )
    .argument("[checks...]", "ids of checks (all)")
    .option("--bundle <file>", "the snapshot, of verify --bundle (what is read now)")
    .option("--target <file>", "JSON file that names what to read, without --bundle")
    .option("--json", "as JSON")
    .action(async (checks, raw) =>
      run((await import("./commands/verify-prove.ts")).proveCommand(parseOptions("verifyProve", { checks, ...raw }))),
    );

  verify
    .command("paths")
    .description(
      "who can become the platform's roles, which namespaces reach which, and whether the vendor's side can reach a bucket",
    )
    .option("--bundle <file>", "the snapshot, of verify --bundle (what is read now)")
    .option("--target <file>", "JSON file that names what to read, without --bundle")
    .option("--json", "as JSON")
    .action(async (raw) =>
      run((await import("./commands/verify-paths.ts")).pathsCommand(parseOptions("verifyPaths", raw))),
    );

  verify
    .command("permissions")
    .description("the least ClusterRole and IAM policy of who verifies, as its collectors ask")
    .requiredOption("--cloud <cloud>", "aws, gcp or azure")
    .option("--plane <plane>", "compute or control (compute)")
    .option("--target <file>", "JSON file whose buckets alone are named")
    .option("--only <part>", "kubernetes or aws, to be piped into kubectl or aws")
    .action(async (raw) =>
      run(
        (await import("./commands/verify-permissions.ts")).permissionsCommand(parseOptions("verifyPermissions", raw)),
      ),
    );

  verify
    .command("explain")
    .description("a check or a claim in words: what it says, reads and proves, and what turns it red")
    .argument("<id>", "NS-04, or a claim's id")
    .action(async (id) =>
      run((await import("./commands/verify-bundle.ts")).explainCommand(parseOptions("verifyExplain", { id }))),
    );

  addReason(verify, run);
}

function withReports(command: Command): Command {
  return command
    .option("--json <file>", "write the report as JSON")
    .option("--junit <file>", "write the report as JUnit XML")
    .option("--sarif <file>", "write the report as SARIF 2.1.0")
    .option("--html <file>", "write the report as one HTML page, with filters by claim, plane and outcome");
}
