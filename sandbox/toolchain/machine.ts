/** What this machine has already: programs on its PATH and what they say of their version. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { messageOf } from "../../shared/errors.ts";
import type { Paths } from "../paths.ts";
import { parseVersion, type Version } from "./versions.ts";

export interface Machine {
  /** Absolute path of a program on PATH or in the system's folders. */
  find(name: string): string | undefined;
  /** What `command args` prints, asked once for each version of the file. Undefined when it fails. */
  ask(command: string, args: string[]): string | undefined;
  /** The program on PATH, if its version fits. */
  fitting(name: string, rule: PathRule): string | undefined;
}

export interface PathRule {
  /** Arguments that make the program print its version. */
  args: string[];
  fits(version: Version): boolean;
}

export function machineOf(paths: Paths, env: NodeJS.ProcessEnv = process.env): Machine {
  // Root's PATH may lack the system folders (`su` without a login shell), where Debian puts nft and others.
  const folders = [...(env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"].filter(Boolean);
  const find = (name: string) => folders.map((folder) => join(folder, name)).find(isExecutable);
  const ask = rememberedAnswers(join(paths.cache, "toolchain", "answers.json"), env);
  return {
    find,
    ask,
    fitting(name, rule) {
      const path = find(name);
      const version = path && parseVersion(ask(path, rule.args) ?? "");
      return version && rule.fits(version) ? path : undefined;
    },
  };
}

/** Version questions cost 50 to 250 ms each; the answer of an unchanged file is kept. */
function rememberedAnswers(file: string, env: NodeJS.ProcessEnv) {
  const answers = readAnswers(file);
  return (command: string, args: string[]): string | undefined => {
    const { ino, size, mtimeMs } = statSync(command);
    const key = [command, ino, size, mtimeMs, ...args].join(" ");
    const known = answers[key];
    if (known !== undefined) return known;
    const answer = run(command, args, env);
    if (answer === undefined) return undefined;
    answers[key] = answer;
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(answers, null, 1));
    renameSync(`${file}.${process.pid}`, file);
    return answer;
  };
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv): string | undefined {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 20_000, env });
  } catch (error) {
    // A program that cannot say its version is no program for us; why it failed is of use to those who debug only.
    if (env.BIPLANE_DEBUG) process.stderr.write(`${command} ${args.join(" ")}: ${messageOf(error)}\n`);
    return undefined;
  }
}

function readAnswers(file: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return false;
    throw error;
  }
}
