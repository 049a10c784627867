import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRecord } from "../../sandbox/given/record.ts";
import { isUp } from "../../sandbox/local-run.ts";
import { paths } from "../../sandbox/paths.ts";
import { recordedProcesses, runningPid } from "../../sandbox/processes.ts";
import type { CommandOptions } from "../config.ts";
import { printJson } from "../print.ts";

/** Exit code 0 when everything that was started runs, 1 when something stopped, and 0 with "down" when nothing is up. */
export async function status({ json }: CommandOptions<"status">): Promise<number> {
  const here = paths();
  const processes = recordedProcesses(here).map((name) => ({ name, pid: runningPid(here, name) ?? null }));
  const stopped = processes.filter(({ pid }) => pid === null);
  const given = Object.entries(readRecord(here) ?? {}).map(([plane, { server, kubeconfig }]) => ({
    plane,
    server,
    kubeconfig,
  }));
  const state = !isUp(here)
    ? "down"
    : existsSync(join(here.state, "env.json")) && stopped.length === 0
      ? "up"
      : "partly";
  if (json) printJson({ state, given, processes });
  else process.stdout.write(describe(state, given, processes, here.logs));
  return state === "partly" ? 1 : 0;
}

interface Given {
  plane: string;
  server: string;
  kubeconfig: string;
}

function describe(
  state: string,
  given: Given[],
  processes: { name: string; pid: number | null }[],
  logs: string,
): string {
  if (state === "down") return "Nothing is up. Start with ./biplane up (or ./biplane demo).\n";
  const rows = [
    ...given.map(
      ({ plane, server, kubeconfig }) => `  ${`${plane} cluster`.padEnd(28)} given: ${server} (${kubeconfig})`,
    ),
    ...processes.map(
      ({ name, pid }) => `  ${name.padEnd(28)} ${pid ? `pid ${pid}` : `stopped, see ${logs}/${name}.log`}`,
    ),
  ];
  const next = state === "up" ? "./biplane run examples/hello.py hello" : "./biplane up (it adds what is missing)";
  return `${state}\n${rows.join("\n")}\nNext: ${next}\n`;
}
