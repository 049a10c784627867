import { dirname } from "node:path";
import { environmentSchema, readEnvironment, shellVariables } from "../../sandbox/environment.ts";
import { paths } from "../../sandbox/paths.ts";
import { locateToolchain } from "../../sandbox/toolchain/index.ts";
import type { CommandOptions } from "../config.ts";
import { printJson } from "../print.ts";

export async function env({ json, shell }: CommandOptions<"env">): Promise<number> {
  const here = paths();
  const environment = readEnvironment(here);
  if (json) {
    printJson(environmentSchema.parse(environment));
    return 0;
  }
  const lines = Object.entries(shellVariables(environment));
  if (shell) {
    for (const [name, value] of lines) process.stdout.write(`export ${name}=${quoted(value)}\n`);
    // Last, so that whoever has a client of their own keeps it.
    process.stdout.write(`export PATH="$PATH":${quoted(dirname(locateToolchain(here).bin("flyte")))}\n`);
    return 0;
  }
  const width = Math.max(...lines.map(([name]) => name.length));
  for (const [name, value] of lines) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
  process.stdout.write('\nFor a shell: eval "$(./biplane env --shell)". Everything: ./biplane env --json\n');
  return 0;
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
