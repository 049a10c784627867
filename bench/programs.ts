/**
 * What the customer stack costs beside a program that only imports its SDKs, and what each project-domain adds: a first
 * `pulumi preview` by Pulumi's own entry, on an emulated account, medians of alternating rounds. No planes are needed.
 * `node bench/programs.ts [ROUNDS]`
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { plainTable } from "../cli/print.ts";
import { stackLayout } from "../sandbox/engine/layout.ts";
import { startEmulated } from "../sandbox/engine/testing/emulated.ts";
import { officialEnvironment } from "../sandbox/engine/testing/official-cli.ts";
import { serveOfficialEntry } from "../sandbox/engine/testing/official-entry.ts";
import { accounts, awsRegion, operatorRole } from "../sandbox/hosts.ts";
import { awsPackage } from "../sandbox/providers/aws/index.ts";
import { serveAll } from "../sandbox/providers/index.ts";
import { kubernetesPackage } from "../sandbox/providers/kubernetes/index.ts";
import { tlsPackage } from "../sandbox/providers/tls/index.ts";
import { asConfig } from "../sandbox/stacks.ts";

const checkout = join(import.meta.dirname, "..");
const rounds = Number(process.argv[2] ?? 5);
const image = `registry.test/biplane/services@sha256:${"a".repeat(64)}`;
const clusterName = "biplane-main";

interface Cost {
  seconds: number;
  mebibytes: number;
  resources: number;
}

const customerOf = (count: number) =>
  asConfig({
    ...{ shape: "customer", phase: "workloads", model: "self-managed", org: "acme", cluster: "main" },
    ...{ region: awsRegion, link: "inside", controlPlaneHost: "us-east-2.biplane.test", images: { services: image } },
    projects: Array.from({ length: count }, (_, at) => ({ project: `p${at}`, domain: "d" })),
    trustPolicyQuota: 4096,
    registrationToken: "registration-token-of-a-bench",
    dataPlaneClientSecret: "client-secret-of-a-bench",
  });

const programs: { name: string; folder: string; units: number; config: Record<string, string> }[] = [
  { name: "empty, same SDKs", folder: join(import.meta.dirname, "empty"), units: 0, config: {} },
  ...[1, 10, 64].map((units) => ({
    name: `customer, ${units} project-domain${units > 1 ? "s" : ""}`,
    folder: checkout,
    units,
    config: customerOf(units),
  })),
];

const scratch = mkdtempSync(join(tmpdir(), "biplane-programs-"));
copyFileSync(join(import.meta.dirname, "empty", "Pulumi.yaml"), join(scratch, "Pulumi.yaml"));
const world = await startEmulated();
const host = await serveOfficialEntry();
const costs = new Map<string, Cost[]>(programs.map(({ name }) => [name, []]));
try {
  await makeCluster();
  for (let round = 0; round < rounds; round++) {
    for (const program of programs) costs.get(program.name)?.push(await preview(program));
  }
} finally {
  host.close();
  await world.close();
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`${describe()}\n`);

/** What the base phase made, as far as the preview looks at it. */
async function makeCluster(): Promise<void> {
  const [eks, iam] = [await world.cloud.eks(), await world.cloud.iam()];
  const keyArn = `arn:aws:kms:${awsRegion}:${accounts.customer}:key/one`;
  await eks.createCluster({
    name: clusterName,
    version: "1.34",
    roleArn: operatorRole(accounts.customer),
    resourcesVpcConfig: { subnetIds: ["subnet-1"], endpointPrivateAccess: true, endpointPublicAccess: false },
    encryptionConfig: [{ resources: ["secrets"], provider: { keyArn } }],
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
    logging: { clusterLogging: [{ enabled: true, types: ["api", "audit", "authenticator"] }] },
  });
  const { issuer } = await world.cloud.backing.node(clusterName);
  await iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
}

/** Of a stack that does not exist yet: every resource is to be made. */
async function preview({ name, folder, config }: (typeof programs)[number]): Promise<Cost> {
  const stack = name.replaceAll(/[^a-z0-9]+/g, "-");
  const layout = stackLayout(world.sandbox.paths, stack);
  const use = join(scratch, "use");
  const settings = join(scratch, `Pulumi.${stack}.yaml`);
  writeFileSync(settings, stringify({ config }));
  const providers = await serveAll([awsPackage(world.cloud), kubernetesPackage({}), tlsPackage()]);
  const env = officialEnvironment(layout, providers.addresses, host.address);
  // The entry's process is started by the host, with this one's environment.
  process.env.NODE_OPTIONS = `--import=${join(import.meta.dirname, "report-use.ts")}`;
  process.env.BIPLANE_USE_FILE = use;
  const pulumi = (where: string, ...args: string[]) =>
    execa(world.sandbox.tools.bin("pulumi"), [...args, "--cwd", where, "--stack", stack, "--non-interactive"], {
      env,
      all: true,
    });
  // Elsewhere, since it writes the stack's settings into its project's folder.
  await pulumi(scratch, "stack", "init").catch((error: { all?: string }) => {
    if (!String(error.all).includes("already exists")) throw error;
  });
  const began = performance.now();
  const { all } = await pulumi(folder, "preview", "--config-file", settings, "--color", "never");
  const seconds = (performance.now() - began) / 1000;
  providers.close();
  const resources = Number(/\+ (\d+) to create/.exec(all)?.[1] ?? 0);
  const { mebibytes } = JSON.parse(readFileSync(use, "utf8")) as { mebibytes: number };
  return { seconds, mebibytes, resources };
}

function medianOf(name: string): Cost {
  const middle = (values: number[]) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
  const all = costs.get(name) ?? [];
  const of = (figure: keyof Cost) => middle(all.map((cost) => cost[figure]));
  return { seconds: of("seconds"), mebibytes: of("mebibytes"), resources: of("resources") };
}

function describe(): string {
  const head = [
    "program",
    "resources",
    "preview",
    "× empty",
    "each further one",
    "memory",
    "× empty",
    "each further one",
  ];
  const table = plainTable(head);
  const rows = programs.map(({ name, units }) => ({ name, units, ...medianOf(name) }));
  const [empty, one] = rows;
  if (!empty || !one) throw new Error("nothing was measured");
  for (const row of rows) {
    const more = row.units - one.units;
    const each = (figure: "seconds" | "mebibytes") => (row[figure] - one[figure]) / more;
    table.push([
      row.name,
      row.resources,
      `${row.seconds.toFixed(2)} s`,
      (row.seconds / empty.seconds).toFixed(2),
      more > 0 ? `${(each("seconds") * 1000).toFixed(0)} ms` : "",
      `${row.mebibytes.toFixed(0)} MiB`,
      (row.mebibytes / empty.mebibytes).toFixed(2),
      more > 0 ? `${each("mebibytes").toFixed(2)} MiB` : "",
    ]);
  }
  return `${table.toString()}\nMedians of ${rounds} alternating rounds. To reach: the customer's preview ≤ 1.50 × the empty program's.`;
}
