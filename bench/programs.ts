/**
 * What the customer stack costs beside a program that only imports its SDKs, and what each project-domain adds: a first
 * `pulumi preview` by Pulumi's own entry, on an emulated account, medians of alternating rounds. No planes are needed.
 * The first round on a checkout is slower than those after it, which find compiled what it compiled (`stacks/compiled.ts`).
 * `node bench/programs.ts [ROUNDS] [aws|gcp|azure] [PROJECT-DOMAINS…]`
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { plainTable } from "../cli/print.ts";
import { stackLayout } from "../sandbox/engine/layout.ts";
import { officialEnvironment } from "../sandbox/engine/testing/official-cli.ts";
import { serveOfficialEntry } from "../sandbox/engine/testing/official-entry.ts";
import { serveAll } from "../sandbox/providers/index.ts";
import { refusal } from "../shared/errors.ts";
import { isWorld, worlds } from "./programs-worlds.ts";

const checkout = join(import.meta.dirname, "..");
const rounds = Number(process.argv[2] ?? 5);
const cloud = process.argv[3] ?? "aws";
const sizes = process.argv.length > 4 ? process.argv.slice(4).map(Number) : [1, 10, 64];
if (!isWorld(cloud)) {
  throw refusal({ subject: "the cloud", value: cloud, allowed: Object.keys(worlds).join(", ") });
}

interface Cost {
  seconds: number;
  mebibytes: number;
  resources: number;
}

const world = await worlds[cloud]();

const programs: { name: string; folder: string; units: number; config: Record<string, string> }[] = [
  { name: "empty, same SDKs", folder: world.empty, units: 0, config: {} },
  ...sizes.map((units) => ({
    name: `customer, ${units} project-domain${units > 1 ? "s" : ""}`,
    folder: checkout,
    units,
    config: world.customerOf(units),
  })),
];

const scratch = mkdtempSync(join(tmpdir(), "biplane-programs-"));
copyFileSync(join(world.empty, "Pulumi.yaml"), join(scratch, "Pulumi.yaml"));
const host = await serveOfficialEntry();
const costs = new Map<string, Cost[]>(programs.map(({ name }) => [name, []]));
try {
  for (let round = 0; round < rounds; round++) {
    for (const program of programs) costs.get(program.name)?.push(await preview(program));
  }
} finally {
  host.close();
  await world.close();
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`${describe()}\n`);

/** Of a stack that does not exist yet: every resource is to be made. */
async function preview({ name, folder, config }: (typeof programs)[number]): Promise<Cost> {
  const stack = name.replaceAll(/[^a-z0-9]+/g, "-");
  const layout = stackLayout(world.sandbox.paths, stack);
  const use = join(scratch, "use");
  const settings = join(scratch, `Pulumi.${stack}.yaml`);
  writeFileSync(settings, stringify({ config }));
  const providers = await serveAll(world.packages());
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
  return `${cloud}\n${table.toString()}\nMedians of ${rounds} alternating rounds. To reach: the customer's preview ≤ 1.50 × the empty program's.`;
}
