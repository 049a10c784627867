/** Children of children, children side by side, and what they hand to each other. All runs begin at once. */
import { beforeAll, expect, it } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { outputsOf, runExample } from "../support/client.ts";
import { runClient } from "../support/runs.ts";

const long = process.env.BIPLANE_LONG === "1";
const patienceMs = long ? 900_000 : 170_000;
/** Real pods; 50 of them are in flight at most. */
const side = long ? 100 : 12;

const examples = {
  depth: ["depth", "descend", "--levels", "6"],
  folders: ["folders", "publish", "--files", "5"],
  fanOut: ["nested", "sum_of_squares", "--n", String(side)],
} as const;
const names = new Map<keyof typeof examples, string>();
let runs: Awaited<ReturnType<typeof runClient>>;

beforeAll(async () => {
  runs = await runClient();
  const keys = ["depth", "folders", "fanOut"] as const;
  await Promise.all(
    keys.map(async (key) => {
      const [file, task, ...args] = examples[key];
      const { name, result } = await runExample(file, task, args, { follow: false });
      expect(result.exitCode, `${file} ${task}: ${result.stderr}`).toBe(0);
      names.set(key, name);
    }),
  );
});

const nameOf = (key: keyof typeof examples) => names.get(key) ?? expect.fail(`${key} was not started`);

async function succeeded(key: keyof typeof examples): Promise<string> {
  const details = await runs.ended(nameOf(key), "a0", patienceMs);
  expect(details.status?.phase, JSON.stringify(details.result.value)).toBe(ActionPhase.SUCCEEDED);
  return nameOf(key);
}

it("six levels of tasks, each waiting for the one below, come back up with the answer", {
  timeout: patienceMs,
}, async () => {
  const run = await succeeded("depth");
  expect(await outputsOf(run)).toMatch(/o0=6\b/);
  const parents = new Map(
    (await runs.actions(run)).map(({ id, metadata }) => [id?.name ?? "", metadata?.parent ?? ""]),
  );
  const deepest = [...parents.keys()].find((name) => ![...parents.values()].includes(name)) ?? "";
  const way: string[] = [];
  for (let at = deepest; at !== ""; at = parents.get(at) ?? "") way.push(at);
  expect(way).toHaveLength(6);
  expect(way.at(-1)).toBe("a0");
});

it("a folder and a file go from task to task, and their contents arrive whole", { timeout: patienceMs }, async () => {
  const run = await succeeded("folders");
  expect(await runs.outputString(run)).toBe("page 0\npage 1\npage 2\npage 3\npage 4\n");
});

it(`${side} children side by side all succeed, each in a pod of its own`, { timeout: patienceMs }, async () => {
  const run = await succeeded("fanOut");
  const sum = Array.from({ length: side }, (_, index) => index * index).reduce((a, b) => a + b, 0);
  expect(await outputsOf(run)).toMatch(new RegExp(`o0=${sum}\\b`));
  const children = (await runs.actions(run)).filter(({ id }) => id?.name !== "a0");
  expect(children.map(({ status }) => status?.phase)).toEqual(Array(side).fill(ActionPhase.SUCCEEDED));
});
