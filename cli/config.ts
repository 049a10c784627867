/** Every command's options, checked before anything is done. One schema, published as docs/schemas/cli.schema.json. */
import { z } from "zod";
import { clouds, models } from "../sandbox/model.ts";
import { extendedParts } from "../sandbox/toolchain/extended.ts";
import { UserError } from "../shared/errors.ts";
import { severities } from "../verify/severity.ts";

const file = z.string().min(1);

const signIn = file
  .optional()
  .describe("Configuration of the flyte client: who signs in where. @default the local run's");
const dnsLabel = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a-z, 0-9 and "-", at most 63');

const newFile = file.describe("New file of mode 0600 that gets the secret: it is shown this once");
const ownName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'a-z, 0-9 and "-", at most 32');
const id = z.string().min(1).max(256);

const whereThePlaneStands = z.enum(clouds, clouds.join(", ")).optional();

const kubeconfig = (plane: string) =>
  file
    .optional()
    .describe(`Kubeconfig of a cluster that exists, in place of the local run's own node for the ${plane}`);

const reportFiles = {
  json: file.optional(),
  junit: file.optional(),
  html: file.optional(),
  sarif: file.optional(),
};

const signer = file.optional().describe("Public key, PEM, that must have signed. @default any, which is named");

export const commandSchemas = {
  up: z
    .strictObject({
      kubeconfigRegion: kubeconfig("region"),
      kubeconfigCustomer: kubeconfig("customer"),
      model: z
        .enum(models, models.join(" or "))
        .optional()
        .describe("Who operates the customer's plane. @default what the run has begun with, else self-managed"),
      cloud: whereThePlaneStands.describe(
        "Where the customer's plane stands; the region stands in AWS. @default what the run has begun with, else aws",
      ),
      with: z
        .string()
        .transform((list) => (list === "all" ? [...extendedParts] : list.split(",")))
        .pipe(z.array(z.enum(extendedParts, `${extendedParts.join(", ")} or all`)))
        .optional()
        .describe("Extended parts to build first. @default none; those in the cache are used anyway"),
      only: z
        .literal("region", "region")
        .optional()
        .describe("Upgrade the region alone, to this checkout's services, and leave the customer's plane as it is"),
    })
    .refine(
      ({ only, ...others }) => only === undefined || Object.values(others).every((value) => value === undefined),
      "--only by itself: the planes are up, and stay as they were chosen",
    )
    .refine(
      ({ kubeconfigRegion: one, kubeconfigCustomer: other }) => one === undefined || one !== other,
      "two kubeconfigs: a cluster for each plane",
    ),
  run: z.strictObject({
    file: file.describe("Python file with the task"),
    task: z.string().regex(/^[A-Za-z_]\w*$/, "the name of a function in FILE"),
    args: z.array(z.string()).describe("--name value pairs of the task"),
    image: z
      .string()
      .min(1)
      .optional()
      .describe("What FILE finds in BIPLANE_TASK_IMAGE. @default the local run's image of tasks"),
  }),
  verify: z.strictObject({
    target: file.optional().describe("JSON file that names what to verify; the local run's when absent"),
    acceptUnevaluated: file.optional().describe("YAML list of claims that cannot be decided here"),
    ...reportFiles,
    bundle: file.optional().describe("Everything that was read, signed, to be replayed by verify replay"),
    signWith: file
      .optional()
      .describe("Ed25519 private key, PEM, mode 0600. @default one of this machine, made at first use"),
    waivers: file.optional().describe("YAML list of findings that somebody answers for until a day"),
    only: z.array(z.string().min(1)).default([]).describe("Ids of checks. @default all"),
    plane: z.enum(["compute", "control"], "compute or control").optional(),
    probe: z.boolean().default(false).describe("Also try what should be refused; a plan is printed first"),
    failOn: z.enum(severities, severities.join(", ")).default("low").describe("The least severity that answers 1"),
  }),
  verifyReplay: z.strictObject({ bundle: file, signer, ...reportFiles }),
  verifyDiff: z.strictObject({ before: file, after: file, signer, json: z.boolean().default(false) }),
  verifyProve: z.strictObject({
    checks: z.array(z.string().min(1)).describe("Ids of checks. @default all"),
    bundle: file.optional().describe("Snapshot of verify --bundle. @default what is read now"),
    target: file.optional().describe("JSON file that names what to read; the local run's when absent"),
    json: z.boolean().default(false),
  }),
  verifyPaths: z.strictObject({
    bundle: file.optional().describe("Snapshot of verify --bundle. @default what is read now"),
    target: file.optional().describe("JSON file that names what to read; the local run's when absent"),
    json: z.boolean().default(false),
  }),
  verifyPermissions: z.strictObject({
    cloud: z
      .enum(["aws", "gcp", "azure"], "aws, gcp or azure")
      .describe("Where the customer's plane stands; every region stands in AWS"),
    plane: z.enum(["compute", "control"], "compute or control").default("compute"),
    target: file.optional().describe("JSON file that names what to verify: its two buckets alone, not any"),
    only: z
      .enum(["kubernetes", "aws", "gcp", "azure"], "kubernetes, or the cloud")
      .optional()
      .describe("One of the two, for a pipe"),
  }),
  verifyExplain: z.strictObject({ id: z.string().min(1).describe("Of a check or of a claim") }),
  verifyReasonRbac: z.union(
    [
      z.strictObject({ manifests: file, queries: file }),
      z.strictObject({
        covers: z.array(file).length(2, "two files").describe("Two files with roles: is the first within the second"),
      }),
    ],
    "--manifests DIR with --queries FILE, or --covers A.yaml B.yaml",
  ),
  verifyReasonNetwork: z.strictObject({ manifests: file, queries: file }),
  verifyReasonIam: z.union(
    [
      z.strictObject({ cloud: z.literal("aws").default("aws"), policies: file, queries: file }),
      z.strictObject({ cloud: z.literal("aws").default("aws"), policies: file, envelope: file }),
      z.strictObject({ cloud: z.enum(["gcp", "azure"]), policies: file, queries: file }),
    ],
    "--policies FILE with either --queries FILE or --envelope FILE, of AWS; --cloud gcp or azure with --queries FILE alone",
  ),
  verifyReasonPodSecurity: z.strictObject({
    manifests: file,
    level: z.enum(["baseline", "restricted"], "baseline or restricted"),
    version: z.string().default("v1.34").describe("Of the standards: v1.0 to v1.37, or latest"),
  }),
  claims: z.strictObject({
    json: z.boolean().default(false),
    cloud: z.enum(clouds, clouds.join(", ")).optional().describe("Only what was decided there, of its claims alone"),
  }),
  env: z
    .strictObject({ json: z.boolean().default(false), shell: z.boolean().default(false) })
    .refine(({ json, shell }) => !(json && shell), "either --json or --shell, not both"),
  status: z.strictObject({ json: z.boolean().default(false) }),
  down: z.strictObject({}),
  imagesMake: z.strictObject({ name: z.literal("dataframes", "dataframes") }),
  imagesPush: z.strictObject({
    to: z
      .string()
      .regex(
        /^[a-z0-9.-]+(?::\d+)?(?:\/[a-z0-9._/-]*[a-z0-9])?$/,
        "a registry and a path without scheme or tag, such as 123456789012.dkr.ecr.us-east-2.amazonaws.com/biplane",
      )
      .describe("Where the images go: REGISTRY[/PATH], each image by its name below it"),
    authFile: file.optional().describe("Credentials as docker login writes them; never given by arguments"),
    plainHttp: z.boolean().default(false).describe("The registry speaks no TLS"),
    lock: file.default("images.lock.json").describe("Digests of what was pushed"),
  }),
  audit: z.strictObject({
    since: z
      .string()
      .regex(/^\d+[smhd]$/, "how long ago, such as 90s, 15m, 24h or 7d")
      .default("24h")
      .describe("The oldest that is shown"),
    subject: z.string().min(1).optional().describe("Of one user or application"),
    operation: z.string().min(1).optional().describe("Such as flyteidl2.workflow.RunService/CreateRun"),
    decision: z.enum(["allowed", "denied"], "allowed or denied").optional(),
    limit: z.coerce.number().int().min(1).max(10_000).default(100),
    json: z.boolean().default(false),
    config: signIn,
  }),
  policyApply: z.strictObject({ file: file.describe("YAML with roles, policies and assignments"), config: signIn }),
  clusterList: z.strictObject({ json: z.boolean().default(false), config: signIn }),
  clusterRevoke: z.strictObject({ name: dnsLabel, config: signIn }),
  policyGet: z.strictObject({ name: dnsLabel, role: z.boolean().default(false), config: signIn }),
  policyList: z.strictObject({ json: z.boolean().default(false), config: signIn }),
  policyDelete: z.strictObject({ name: dnsLabel, role: z.boolean().default(false), config: signIn }),
  apiKeyCreate: z.strictObject({
    name: ownName,
    days: z.coerce.number().int().min(1).max(365).default(90).describe("How long it is in force"),
    to: newFile,
    config: signIn,
  }),
  apiKeyList: z.strictObject({
    all: z.boolean().default(false).describe("Of everybody in the organisation, which only administrators may see"),
    json: z.boolean().default(false),
    config: signIn,
  }),
  apiKeyRevoke: z.strictObject({
    id,
    any: z.boolean().default(false).describe("Somebody else's, which only administrators may"),
    config: signIn,
  }),
  serviceAccountCreate: z
    .strictObject({
      name: ownName,
      description: z.string().max(1024).default(""),
      role: z.enum(["admin", "contributor", "viewer"], "admin, contributor or viewer").optional(),
      project: dnsLabel.optional().describe("Where the role holds; with a domain. @default every project"),
      domain: dnsLabel.optional().describe("Where the role holds. @default everywhere"),
      to: newFile,
      config: signIn,
    })
    .refine(
      ({ role, project, domain }) => (domain === undefined || role) && (project === undefined || domain),
      "--domain with --role, --project with --domain",
    ),
  serviceAccountList: z.strictObject({ json: z.boolean().default(false), config: signIn }),
  serviceAccountDelete: z.strictObject({ id, config: signIn }),
  staffGrant: z.strictObject({
    subject: z.string().min(1).max(256).describe("Their e-mail address"),
    role: z.enum(["support", "operator"], "support or operator").default("support"),
    hours: z.coerce.number().int().min(1).max(168).default(8),
    reason: z.string().min(1).max(200).describe("Why, in one line, for the record"),
    config: signIn,
  }),
  staffList: z.strictObject({ json: z.boolean().default(false), config: signIn }),
  staffRevoke: z.strictObject({ id, config: signIn }),
  personList: z.strictObject({ json: z.boolean().default(false), config: signIn }),
  personSignOut: z.strictObject({
    subject: z.string().min(1).max(256).describe("The person's e-mail address"),
    config: signIn,
  }),
  demo: z.strictObject({
    keep: z.boolean().default(false).describe("Leave everything running at the end"),
    cloud: whereThePlaneStands.describe("Where the customer's plane stands. @default aws"),
    ifBuilt: z
      .boolean()
      .default(false)
      .describe("Does nothing, in words, where an extended part that it needs is not built"),
    probe: z.boolean().default(false).describe("Verifies with --probe"),
  }),
  test: z.strictObject({
    tier: z.enum(["unit", "all"], "unit or all").default("all"),
    long: z.boolean().default(false),
    within: z.coerce
      .number()
      .min(0)
      .max(1_440)
      .optional()
      .describe("Minutes after which no further file of tests on planes begins. @default no end"),
    filter: z.array(z.string()).default([]),
  }),
} as const;

export type CommandName = keyof typeof commandSchemas;
export type CommandOptions<N extends CommandName> = z.infer<(typeof commandSchemas)[N]>;

/** @throws UserError with every problem at once. */
export function parseOptions<N extends CommandName>(command: N, raw: unknown): CommandOptions<N> {
  const parsed = commandSchemas[command].safeParse(raw, { reportInput: true });
  if (parsed.success) return parsed.data as CommandOptions<N>;
  const problems = parsed.error.issues.map(({ path, message, input }) => {
    const subject = path.length > 0 ? path.join(".") : "options";
    const seen = input === undefined ? "" : ` is ${JSON.stringify(input)}`;
    return `${subject}${seen}; allowed: ${message}`;
  });
  throw new UserError(`biplane ${spoken(command)}: ${problems.join("\n")}\nSee ./biplane ${spoken(command)} --help.`);
}

/** As it is typed: `images push` of imagesPush. */
function spoken(command: CommandName): string {
  return command.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** JSON Schema of every command's options. */
export function commandJsonSchema(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(commandSchemas).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: "input" })]),
  );
}
