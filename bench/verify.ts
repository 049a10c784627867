/**
 * What judging costs, on one customer's plane and on the largest that it is made for, and what the evaluators alone cost;
 * each in a process of its own, medians of alternating rounds. The planes are generated, so nothing is read from a network.
 * `node bench/verify.ts [ROUNDS]`
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { plainTable } from "../cli/print.ts";
import { sealBundle } from "../verify/evidence/bundle.ts";
import { kept } from "../verify/evidence/canonical.ts";
import type { Facts } from "../verify/facts.ts";
import { type Recording, reportOf } from "../verify/recording.ts";
import { collectedFrom, goodFacts, goodTargets } from "../verify/testing/good-plane.ts";
import { largeFacts, largeTarget, type Size } from "../verify/testing/large-plane.ts";

const rounds = Number(process.argv[2] ?? 5);
const questions = 1_000;
const large: Size = { namespaces: 1_000, pods: 10_000, networkPolicies: 5_000, roles: 5_000, iamRoles: 1_000 };
const main = join(import.meta.dirname, "..", "cli", "main.ts");
const scratch = mkdtempSync(join(tmpdir(), "biplane-bench-verify-"));

interface Use {
  seconds: number;
  processorSeconds: number;
  mebibytes: number;
}

interface Task {
  what: string;
  /** The figure to reach; what is compared with it is the median of wall-clock seconds. */
  reach: string;
  args: string[];
  /** Lines that must come out, so that what is measured is the whole work. */
  lines?: number;
}

const facts = largeFacts(large);
const tasks: Task[] = [
  {
    what: "judge one customer and its region",
    reach: "< 5 s",
    args: replayed("one", { targets: goodTargets }, goodFacts()),
  },
  {
    what: "judge 10,000 pods, 1,000 namespaces",
    reach: "< 30 s, < 1 GiB",
    args: replayed("large", { targets: { ...goodTargets, customer: largeTarget(large) } }, facts),
  },
  { what: "reason: the first answer", reach: "< 0.5 s", args: reasoned("small", goodFacts(), 1), lines: 1 },
  {
    what: `reason: ${questions} questions about that plane`,
    reach: "one process",
    args: reasoned("plane", facts, questions),
    lines: questions,
  },
];

const uses = new Map<string, Use[]>(tasks.map(({ what }) => [what, []]));
try {
  for (let round = 0; round < rounds; round++) for (const task of tasks) uses.get(task.what)?.push(await measure(task));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`${describe()}\n`);

/** The arguments that judge these facts again, from a bundle that is made of them here. */
function replayed(name: string, { targets }: Pick<Recording, "targets">, read: Facts): string[] {
  const recording: Recording = {
    ...{ commit: "bench", startedAt: new Date().toISOString(), seconds: 0, documentedCommands: [] },
    ...{
      targets,
      collected: kept(collectedFrom(read)),
      limits: [],
      standIns: [],
      waivers: [],
      selection: { only: [], probe: true },
    },
  };
  const report = reportOf(recording);
  const red = report.checks.find(({ outcome }) => outcome !== "PASS" && outcome !== "NOT_APPLICABLE");
  if (red) throw new Error(`the generated plane is to be a good one, and ${red.id} is ${red.outcome}: ${red.reason}`);
  const path = join(scratch, `${name}.json`);
  writeFileSync(path, sealBundle(recording, report, generateKeyPairSync("ed25519").privateKey));
  return ["verify", "replay", path, "--html", join(scratch, "report.html")];
}

/** The arguments that ask who reaches whom, from manifests of these facts. */
function reasoned(name: string, { namespaces, pods, networkPolicies }: Facts, count: number): string[] {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const items = [
    ...namespaces.map((object) => ({ apiVersion: "v1", kind: "Namespace", ...object })),
    ...pods.map((object) => ({ apiVersion: "v1", kind: "Pod", ...object })),
    ...networkPolicies.map((object) => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", ...object })),
  ];
  // The client's types have another name for what is a word of JavaScript.
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items }).replaceAll('"_from":', '"from":');
  writeFileSync(join(folder, "all.json"), text);
  const names = pods.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
  const asked = Array.from({ length: count }, (_, at) => ({
    from: names[(at * 7) % names.length],
    to: names[(at * 11 + 1) % names.length],
    port: 8080,
  }));
  const queries = join(scratch, `${name}.jsonl`);
  writeFileSync(queries, asked.map((query) => `${JSON.stringify(query)}\n`).join(""));
  return ["verify", "reason", "network", "--manifests", folder, "--queries", queries];
}

async function measure({ what, args, lines }: Task): Promise<Use> {
  const file = join(scratch, "use.json");
  const env = {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, "report-use.ts")}`,
    BIPLANE_USE_FILE: file,
  };
  const began = performance.now();
  const { stdout } = await execa(process.execPath, [main, ...args], { env });
  const seconds = (performance.now() - began) / 1000;
  const told = stdout.split("\n").length;
  if (lines !== undefined && told !== lines) throw new Error(`${what}: ${told} answers of ${lines}`);
  return { seconds, ...(JSON.parse(readFileSync(file, "utf8")) as Omit<Use, "seconds">) };
}

function describe(): string {
  const head = ["what", "measured", "processor", "memory", "to reach"];
  const table = plainTable(head);
  for (const { what, reach } of tasks) {
    const all = uses.get(what) ?? [];
    const median = (figure: keyof Use) =>
      all.map((use) => use[figure]).sort((one, other) => one - other)[Math.floor(all.length / 2)] ?? 0;
    const [seconds, processor] = [median("seconds"), median("processorSeconds")];
    table.push([
      what,
      `${seconds.toFixed(2)} s`,
      `${processor.toFixed(2)} s`,
      `${median("mebibytes").toFixed(0)} MiB`,
      reach,
    ]);
  }
  const words = Object.entries(large).map(([kind, count]) => `${count} ${kind}`);
  return `${table.toString()}\nMedians of ${rounds} alternating rounds. The large plane: ${words.join(", ")}.`;
}
