/**
 * What an image costs that the real client has built in the cluster (`--image-builder remote`): a first build, the same one
 * again, and one with a single changed line, in turn in one run. Told is the build's own time, as the region keeps it, and
 * the client's whole run, with the task in it. The planes must be up with the part `images`:
 * `eval "$(./biplane env --shell)"`, then `node bench/builds.ts`.
 */
import { randomBytes } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { plainTable } from "../cli/print.ts";
import { buildNamespace } from "../components/image-builder/contract.ts";
import { environment } from "../test/support/local-run.ts";
import { buildRunOf, runBuilt } from "../test/support/remote-build.ts";
import { runClient } from "../test/support/runs.ts";

const rounds = 3;

if (!String(environment.outputs.customer.namespaces).split(",").includes(buildNamespace)) {
  throw new Error("the planes build no images: ./biplane down, then ./biplane up --with images");
}

interface Took {
  /** Zero where the client saw that the image is there, and asked for no build. */
  build: number;
  whole: number;
}

/** Both in seconds. A run that fails ends the bench. */
async function run(env: Record<string, string>): Promise<Took> {
  const began = performance.now();
  const { text, exitCode } = await runBuilt(env);
  const whole = (performance.now() - began) / 1000;
  if (exitCode !== 0) throw new Error(text);
  const name = buildRunOf(text);
  if (name === "") return { build: 0, whole };
  const { status } = await (await runClient()).ended(name);
  if (!status?.startTime || !status.endTime) throw new Error(`the build ${name} has no times`);
  return { build: (timestampMs(status.endTime) - timestampMs(status.startTime)) / 1000, whole };
}

const kinds = ["a first build", "the same again", "one line changed"] as const;
const seen = kinds.map((): Took[] => []);
for (let round = 0; round < rounds; round++) {
  // Layers are kept by the image's name, so a new one finds none.
  const name = { BIPLANE_IMAGE_NAME: `bench-${randomBytes(4).toString("hex")}` };
  const words = ["first", "first", `changed-${round}`];
  for (const [kind, word] of words.entries()) seen[kind]?.push(await run({ ...name, BIPLANE_WORD: word }));
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const first = seen[0] ?? [];
const table = plainTable(["what", "the build", "× a first", "the whole run", "× a first"]);
for (const [at, kind] of kinds.entries()) {
  const cells = (["build", "whole"] as const).flatMap((part) => {
    const [own, base] = [seen[at] ?? [], first].map((took) => median(took.map((one) => one[part]))) as [number, number];
    return [`${own.toFixed(1)} s`, (own / base).toFixed(2)];
  });
  table.push([kind, ...cells]);
}
process.stdout.write(`${table.toString()}\n`);
