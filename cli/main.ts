/** `./biplane`: reads the command line, checks it, and loads the one command that was asked for. */
import { Command } from "commander";
import { extendedParts } from "../sandbox/toolchain/extended.ts";
import { messageOf, UserError } from "../shared/errors.ts";
import { parseOptions } from "./config.ts";
import { addVerify } from "./verify.ts";

const program = new Command("biplane")
  .description("Deploys, runs and proves a two-plane workflow platform.")
  .option("--debug", "print stack traces")
  .enablePositionalOptions()
  .showHelpAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 3));

program
  .command("demo")
  .description("up, run examples/hello.py by the real client, verify, a summary, down")
  .option("--keep", "leave everything running at the end")
  .option("--cloud <cloud>", "where the customer's plane stands: aws (as it is without), gcp or azure")
  .option("--probe", "verify also tries what should be refused")
  .option("--if-built", "do nothing where an extended part of the toolchain that it needs is not built")
  .action(async (raw) => exit((await import("./commands/demo.ts")).demo(parseOptions("demo", raw))));

program
  .command("up")
  .description("bring both planes up on this machine, or show that nothing changed")
  .option("--kubeconfig-region <file>", "use this cluster for the region instead of a node of the local run")
  .option("--kubeconfig-customer <file>", "use this cluster for the customer instead of a node of the local run")
  .option("--model <model>", "who operates the customer's plane: self-managed (as it is without) or byoc")
  .option("--cloud <cloud>", "where the customer's plane stands: aws (as it is without), gcp or azure")
  .option(
    "--with <parts>",
    `build these extended parts first, with commas between, or all: ${extendedParts.join(", ")}`,
  )
  .option("--only <plane>", "region: upgrade it alone to this checkout's services; the customer's plane stays")
  .action(async (raw) => exit((await import("./commands/up.ts")).up(parseOptions("up", raw))));

program
  .command("run")
  .description("run a task by the real flyte client: ./biplane run examples/hello.py hello --name world")
  .argument("<file>")
  .argument("<task>")
  .argument("[args...]", "--name value pairs of the task")
  .option("--image <reference>", "what FILE finds in BIPLANE_TASK_IMAGE (the local run's image of tasks)")
  .passThroughOptions()
  .action(async (file, task, args, raw) =>
    exit((await import("./commands/run.ts")).run(parseOptions("run", { file, task, args, ...raw }))),
  );

addVerify(program, exit);

program
  .command("claims")
  .description("the ledger: what is proven at this commit")
  .option("--json", "as JSON")
  .option("--cloud <cloud>", "aws, gcp or azure: its claims, and what was decided on a plane there")
  .action(async (raw) => exit((await import("./commands/claims.ts")).claims(parseOptions("claims", raw))));

program
  .command("env")
  .description("what exists, for programs and shells")
  .option("--json", "as JSON (docs/schemas/env.schema.json)")
  .option("--shell", "as export lines")
  .action(async (raw) => exit((await import("./commands/env.ts")).env(parseOptions("env", raw))));

program
  .command("status")
  .description("what runs now")
  .option("--json", "as JSON")
  .action(async (raw) => exit((await import("./commands/status.ts")).status(parseOptions("status", raw))));

program
  .command("down")
  .description("take everything away again but the cache")
  .action(async (raw) => exit((await import("./commands/down.ts")).down(parseOptions("down", raw))));

const images = program.command("images").description("the platform's images");
images
  .command("make")
  .description("make an image that up does not need, for the local run, and print how pods name it")
  .argument("<name>", "dataframes: of tasks, with pandas and pyarrow")
  .action(async (name) =>
    exit((await import("./commands/images-make.ts")).imagesMake(parseOptions("imagesMake", { name }))),
  );
images
  .command("push")
  .description("build the images if need be, push them to a registry, and write their digests to one lock file")
  .requiredOption("--to <registry>", "REGISTRY[/PATH], such as 123456789012.dkr.ecr.us-east-2.amazonaws.com/biplane")
  .option("--auth-file <file>", "credentials as docker login writes them")
  .option("--plain-http", "the registry speaks no TLS")
  .option("--lock <file>", "where the digests are written (images.lock.json)")
  .action(async (raw) => exit((await import("./commands/images-push.ts")).imagesPush(parseOptions("imagesPush", raw))));

const policy = program.command("policy").description("who may do what: roles, policies and their assignments");
const signInOption = [
  "--config <file>",
  "configuration of the flyte client: who signs in where (the local run's)",
] as const;
policy
  .command("apply")
  .description("apply the roles, policies and assignments of a YAML file, all of them or none")
  .requiredOption("-f, --file <file>", "YAML documents, see examples/policies.yaml")
  .option(...signInOption)
  .action(async (raw) => exit((await import("./commands/policy.ts")).policyApply(parseOptions("policyApply", raw))));
policy
  .command("get")
  .description("print a policy with its assignments, or a role, as YAML")
  .argument("<name>")
  .option("--role", "a role, not a policy")
  .option(...signInOption)
  .action(async (name, raw) =>
    exit((await import("./commands/policy.ts")).policyGet(parseOptions("policyGet", { name, ...raw }))),
  );
policy
  .command("list")
  .description("list the organisation's roles and policies, and those that are built in")
  .option("--json", "as JSON")
  .option(...signInOption)
  .action(async (raw) => exit((await import("./commands/policy.ts")).policyList(parseOptions("policyList", raw))));
policy
  .command("delete")
  .description("delete a policy that nobody has, or a role that no policy binds")
  .argument("<name>")
  .option("--role", "a role, not a policy")
  .option(...signInOption)
  .action(async (name, raw) =>
    exit((await import("./commands/policy.ts")).policyDelete(parseOptions("policyDelete", { name, ...raw }))),
  );

const apiKey = program.command("api-key").description("keys that stand for whoever makes them, for FLYTE_API_KEY");
apiKey
  .command("create")
  .description("make a key of one's own and write it to a file, this once")
  .argument("<name>")
  .requiredOption("--to <file>", "new file that gets the key")
  .option("--days <count>", "how long it is in force (90)")
  .option(...signInOption)
  .action(async (name, raw) =>
    exit((await import("./commands/api-key.ts")).apiKeyCreate(parseOptions("apiKeyCreate", { name, ...raw }))),
  );
apiKey
  .command("list")
  .description("list one's own keys")
  .option("--all", "everybody's")
  .option("--json", "as JSON")
  .option(...signInOption)
  .action(async (raw) => exit((await import("./commands/api-key.ts")).apiKeyList(parseOptions("apiKeyList", raw))));
apiKey
  .command("revoke")
  .description("end a key, everywhere within a minute")
  .argument("<id>")
  .option("--any", "whosever it is")
  .option(...signInOption)
  .action(async (id, raw) =>
    exit((await import("./commands/api-key.ts")).apiKeyRevoke(parseOptions("apiKeyRevoke", { id, ...raw }))),
  );

const person = program.command("person").description("people of the organisation who sign in by a browser");
person
  .command("list")
  .description("list those who have signed in")
  .option("--json", "as JSON")
  .option(...signInOption)
  .action(async (raw) => exit((await import("./commands/person.ts")).personList(parseOptions("personList", raw))));
person
  .command("sign-out")
  .description("end somebody's sessions and API keys, everywhere within a minute")
  .argument("<email>")
  .option(...signInOption)
  .action(async (subject, raw) =>
    exit((await import("./commands/person.ts")).personSignOut(parseOptions("personSignOut", { subject, ...raw }))),
  );

const staff = program.command("staff").description("people of who runs the region, whom the organisation lets in");
staff
  .command("grant")
  .description("let one of them in: to see runs and logs, never data or secrets; each call is recorded")
  .argument("<email>")
  .requiredOption("--reason <text>", "why, in one line")
  .option("--role <role>", "support, or operator: clusters and projects too (default: support)")
  .option("--hours <hours>", "until when, from now; 168 at most (default: 8)")
  .option(...signInOption)
  .action(async (subject, raw) =>
    exit((await import("./commands/staff.ts")).staffGrant(parseOptions("staffGrant", { subject, ...raw }))),
  );
staff
  .command("list")
  .description("list whom the organisation lets in, and let in before")
  .option("--json", "as JSON")
  .option(...signInOption)
  .action(async (raw) => exit((await import("./commands/staff.ts")).staffList(parseOptions("staffList", raw))));
staff
  .command("revoke")
  .description("take it back, everywhere within a minute")
  .argument("<id>", "of the grant, as list shows it")
  .option(...signInOption)
  .action(async (id, raw) =>
    exit((await import("./commands/staff.ts")).staffRevoke(parseOptions("staffRevoke", { id, ...raw }))),
  );

const serviceAccount = program
  .command("service-account")
  .description("OAuth2 applications of the organisation, independent of any person");
serviceAccount
  .command("create")
  .description("make one and write its client secret to a file, this once")
  .argument("<name>")
  .requiredOption("--to <file>", "new file that gets the client secret")
  .option("--description <text>")
  .option("--role <role>", "admin, contributor or viewer; without one only policies give it something")
  .option("--domain <domain>", "where the role holds")
  .option("--project <project>", "where the role holds, in the domain")
  .option(...signInOption)
  .action(async (name, raw) =>
    exit(
      (await import("./commands/service-account.ts")).serviceAccountCreate(
        parseOptions("serviceAccountCreate", { name, ...raw }),
      ),
    ),
  );
serviceAccount
  .command("list")
  .description("list the organisation's service accounts")
  .option("--json", "as JSON")
  .option(...signInOption)
  .action(async (raw) =>
    exit((await import("./commands/service-account.ts")).serviceAccountList(parseOptions("serviceAccountList", raw))),
  );
serviceAccount
  .command("delete")
  .description("end one with its API keys, everywhere within a minute")
  .argument("<id>", "its client id")
  .option(...signInOption)
  .action(async (id, raw) =>
    exit(
      (await import("./commands/service-account.ts")).serviceAccountDelete(
        parseOptions("serviceAccountDelete", { id, ...raw }),
      ),
    ),
  );

const cluster = program.command("cluster").description("the organisation's compute planes, as the region knows them");
cluster
  .command("list")
  .description("list the clusters: whether they are heard of, and until when their certificates last")
  .option("--json", "as JSON")
  .option(...signInOption)
  .action(async (raw) => exit((await import("./commands/cluster.ts")).clusterList(parseOptions("clusterList", raw))));
cluster
  .command("revoke")
  .description("put all that a cluster holds out of use: certificates, key, registration")
  .argument("<name>")
  .option(...signInOption)
  .action(async (name, raw) =>
    exit((await import("./commands/cluster.ts")).clusterRevoke(parseOptions("clusterRevoke", { name, ...raw }))),
  );

program
  .command("audit")
  .description("who did what in the organisation: changes that were allowed, requests that were denied")
  .option("--since <age>", "the oldest that is shown: 90s, 15m, 24h, 7d (24h)")
  .option("--subject <subject>", "of one user or application")
  .option("--operation <operation>", "such as flyteidl2.workflow.RunService/CreateRun")
  .option("--decision <decision>", "allowed or denied")
  .option("--limit <count>", "the newest so many (100)")
  .option("--json", "one JSON object a line")
  .option(...signInOption)
  .action(async (raw) => exit((await import("./commands/audit.ts")).audit(parseOptions("audit", raw))));

program
  .command("test")
  .description("all tests; `test unit` needs no planes")
  .argument("[tier]", "unit or all")
  .argument("[filter...]", "only test files whose path contains one of these")
  .option("--long", "drills, fuzz and large data too")
  .option("--within <minutes>", "begin no further file of tests on planes after so long, and tell which did not run")
  .action(async (tier, filter, raw) =>
    exit((await import("./commands/test.ts")).test(parseOptions("test", { tier, filter, ...raw }))),
  );

async function exit(command: Promise<number>): Promise<void> {
  process.exitCode = await command;
}

// Nobody reads any more, as behind `| head`. What a command does goes on to its end; nothing of it is left half-way.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
try {
  await program.parseAsync();
} catch (error) {
  if (program.opts().debug) console.error(error);
  else console.error(messageOf(error));
  if (!(error instanceof UserError) && !program.opts().debug) {
    console.error("This is a defect of Biplane. Run again with --debug before the command for the stack trace.");
  }
  process.exitCode = error instanceof UserError ? error.exitCode : 70;
}
// A watch or a socket that a command left open must not keep a person waiting; but a slow reader of a pipe gets it all.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write("", () => resolve()));
}
process.exit();
