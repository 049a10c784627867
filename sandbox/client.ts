/** The real flyte client from PyPI, unmodified, as its users run it. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Environment } from "./environment.ts";
import type { Paths } from "./paths.ts";

export interface ClientResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** When it did not end by itself. */
  signal?: NodeJS.Signals;
}

/** A home of its own for each backend: the client remembers there which bundles it uploaded. */
function clientHome(paths: Paths): string {
  return join(paths.state, "client-home");
}

function clientEnvironment(paths: Paths, environment: Environment): Record<string, string> {
  return {
    PATH: `${dirname(environment.python)}:${process.env.PATH}`,
    HOME: clientHome(paths),
    LANG: "C.UTF-8",
    SSL_CERT_FILE: environment.caFile,
    REQUESTS_CA_BUNDLE: environment.caFile,
    FLYTECTL_CONFIG: environment.clientConfigFile,
    BIPLANE_TASK_IMAGE: environment.taskImage,
    DO_NOT_TRACK: "1",
    NO_COLOR: "1",
    COLUMNS: "200",
  };
}

export interface ClientOptions {
  /** Shown to the person as it comes. */
  onOutput?: (text: string) => void;
  /** Written over the client's own variables. */
  env?: Record<string, string>;
  timeoutMs?: number;
  /** The client ships modules from beneath this folder. @default the caller's */
  cwd?: string;
}

/** Runs `flyte ARGS`; the arguments carry no secret, since configuration names files. */
export function flyte(
  paths: Paths,
  environment: Environment,
  args: string[],
  options: ClientOptions = {},
): Promise<ClientResult> {
  return spawnClient(paths, environment, join(dirname(environment.python), "flyte"), args, options);
}

/** The client as a library: runs this script by its interpreter. */
export function flyteScript(
  paths: Paths,
  environment: Environment,
  script: string,
  options: ClientOptions = {},
): Promise<ClientResult> {
  return spawnClient(paths, environment, environment.python, ["-c", script], options);
}

/** For commands that only read: once more if the client crashed, as it rarely does (SIGABRT) when its interpreter ends. */
export async function flyteRead(paths: Paths, environment: Environment, args: string[]): Promise<ClientResult> {
  const first = await flyte(paths, environment, args);
  return first.signal === "SIGABRT" ? flyte(paths, environment, args) : first;
}

function spawnClient(
  paths: Paths,
  environment: Environment,
  program: string,
  args: string[],
  { onOutput, env, cwd, timeoutMs = 180_000 }: ClientOptions = {},
): Promise<ClientResult> {
  mkdirSync(clientHome(paths), { recursive: true, mode: 0o700 });
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(cwd ? { cwd } : {}),
      env: { ...clientEnvironment(paths, environment), ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      onOutput?.(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      onOutput?.(text);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal) stderr += `\nended by ${signal}${signal === "SIGKILL" ? `, after ${timeoutMs / 1000} s` : ""}`;
      resolve({ exitCode: code ?? 1, stdout, stderr, ...(signal ? { signal } : {}) });
    });
  });
}
