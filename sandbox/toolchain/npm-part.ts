/** Parts that are programs of Node's, from a pinned list with hashes: `<folder>/{package.json,package-lock.json}`. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../shared/errors.ts";
import type { Part } from "./part.ts";
import { runLogged } from "./run.ts";

export interface NpmPart {
  id: string;
  title: string;
  tier: Part["tier"];
  seconds: number;
  /** Of the list, beside this file. */
  folder: string;
  /** Program → its script, within a package. Started by this process's own Node. */
  scripts: Record<string, string>;
}

const lists = ["package.json", "package-lock.json"];

export function npmPart({ id, title, tier, seconds, folder, scripts }: NpmPart): Part {
  const root = join(import.meta.dirname, folder);
  return {
    ...{ id, title, tier, seconds },
    inputs: () => ({ root, files: lists.map((name) => join(root, name)) }),
    programs: Object.fromEntries(Object.entries(scripts).map(([name, path]) => [name, join("node_modules", path)])),
    async build({ folder: into, machine, log, report }) {
      const npm = machine.find("npm");
      if (!npm) throw new UserError("npm is missing on PATH. It comes with Node; or run `apt-get install npm`.");
      for (const name of lists) cpSync(join(root, name), join(into, name));
      report("npm packages");
      // No script of a package runs: none of these needs one.
      const args = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"];
      await runLogged({ command: npm, args, cwd: into, log });
    },
  };
}
