/**
 * What the Automation API asks the engine's command for around an operation, though the disk knows it as well. Each such
 * question is a process that opens the whole state: four of them took as long as a small update.
 */
import { type LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import { readState, type StackLayout } from "./layout.ts";

/** The engine's command with the environment that it needs. */
export interface EngineCommand {
  command: string;
  env: Record<string, string>;
}

/** Marks in a state what is no plain value, and of which kind it is. */
const signature = "4dabf18193072939515e22adb298388d";
const secret = "1b47061264138c4ac30d75fd1eb44270";

/** The stack, made if it is not there. It tells neither outputs nor a summary after an operation. */
export async function openStack(layout: StackLayout, workspace: LocalWorkspace): Promise<Stack> {
  // Whatever is asked of a stack names it, so it need not be the selected one.
  workspace.selectStack = async () => undefined;
  const stack = readState(layout)
    ? await Stack.select(layout.name, workspace)
    : await Stack.create(layout.name, workspace);
  stack.outputs = async () => ({});
  stack.info = async () => undefined;
  return stack;
}

/** Plain values. The engine is asked only where it alone can tell, since it holds the key to secrets. */
export async function readOutputs(layout: StackLayout, { command, env }: EngineCommand) {
  const resources = readState(layout)?.resources ?? [];
  const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  const secretOutputs = Object.keys(outputs).filter((name) => isSecret(outputs[name]));
  if (!JSON.stringify(outputs).includes(`"${signature}":`)) return { outputs, secretOutputs };
  const args = ["stack", "output", "--json", "--show-secrets", "--stack", layout.name, "--non-interactive"];
  const { stdout } = await execa(command, args, { cwd: layout.folder, env });
  return { outputs: JSON.parse(stdout) as Record<string, unknown>, secretOutputs };
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as Record<string, unknown>)[signature] === secret;
}
