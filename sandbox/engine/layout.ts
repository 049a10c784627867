/** Where the engine keeps what it knows. All of it lies in the stacks folder and goes with it. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../paths.ts";

/** The project's name in Pulumi.yaml, and the prefix of its own config keys. */
export const project = "biplane";

export interface StackLayout {
  name: string;
  /** Project and stack settings, and the working directory of every engine process of the stack. */
  folder: string;
  /** Root of the file backend. */
  backend: string;
  home: string;
  /** Mode 0600; what the state's secrets are encrypted with. */
  passphraseFile: string;
  stateFile: string;
  locksFolder: string;
}

export function stackLayout(paths: Paths, name: string): StackLayout {
  const folder = join(paths.stacks, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passphraseFile = join(paths.stacks, "passphrase");
  if (!existsSync(passphraseFile)) {
    // The first of two starts at once wins, and both use what is there then.
    writeFileSync(passphraseFile, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "a" });
  }
  return {
    name,
    folder,
    backend: paths.stacks,
    home: join(paths.stacks, "home"),
    passphraseFile,
    stateFile: join(paths.stacks, ".pulumi", "stacks", project, `${name}.json`),
    locksFolder: join(paths.stacks, ".pulumi", "locks", "organization", project, name),
  };
}

/** As the engine writes it; only what is read here. Secrets in it are encrypted. */
export interface State {
  resources?: StateResource[];
  pending_operations?: { type: string; resource: StateResource }[];
}

export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  /** The object is removed, its successor not yet made. */
  pendingReplacement?: boolean;
}

/** @returns undefined while the stack does not exist */
export function readState({ stateFile }: StackLayout): State | undefined {
  if (!existsSync(stateFile)) return undefined;
  const { checkpoint } = JSON.parse(readFileSync(stateFile, "utf8")) as { checkpoint?: { latest?: State } };
  return checkpoint?.latest ?? {};
}

export function isLocked({ locksFolder }: StackLayout): boolean {
  return existsSync(locksFolder) && readdirSync(locksFolder).length > 0;
}
