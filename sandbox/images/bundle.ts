/** Bundles the services: one file each, so that an image needs no node_modules. */
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { messageOf, UserError } from "../../shared/errors.ts";

const root = join(import.meta.dirname, "../..");
const services = join(root, "services");
const migrations = join(services, "control/store/migrations");
const planes = ["control", "data"] as const;

/** `control/gateway` → its entry point. Whatever has a `main.ts` is a service. */
export function entryPoints(folder: string = services): Record<string, string> {
  const found = planes
    .filter((plane) => existsSync(join(folder, plane)))
    .flatMap((plane) => readdirSync(join(folder, plane)).map((name) => `${plane}/${name}`))
    .map((name) => [name, join(folder, name, "main.ts")] as const)
    .filter(([, main]) => existsSync(main));
  return Object.fromEntries(found.sort());
}

/** Writes `<out>/<plane>/<name>.mjs`, and the migrations beside the one that runs them. */
export async function bundleServices(out: string): Promise<void> {
  await bundle(entryPoints(), out);
  if (existsSync(migrations)) cpSync(migrations, join(out, "control/migrations"), { recursive: true });
}

/** Writes `<out>/<name>.mjs` of each. */
export async function bundle(entries: Record<string, string>, out: string): Promise<void> {
  try {
    await build({
      absWorkingDir: root,
      entryPoints: entries,
      outdir: out,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node24",
      // Packages in CommonJS call require, which an ES module does not have.
      banner: {
        js: 'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);',
      },
      // Asked for by `pg` only when somebody wants it.
      external: ["pg-native"],
      // Stack traces with names, and class names that libraries compare.
      keepNames: true,
      logLevel: "silent",
    });
  } catch (error) {
    throw new UserError(`The services cannot be bundled: ${messageOf(error)}`, { exitCode: 1, cause: error });
  }
}

/** Everything that the bundles are made from, tests left out. */
export function bundleInputs(): string[] {
  return sourcesIn([services, join(root, "shared"), join(root, "gen/flyteidl2"), join(root, "gen/biplane")]);
}

/** What a bundle of these folders' files is made from, with what makes it. */
export function sourcesIn(folders: string[]): string[] {
  const sources = folders
    .flatMap((folder) => readdirSync(folder, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile() && /(?<!\.test)\.(ts|js|json|sql)$/.test(entry.name))
    .filter((entry) => !entry.name.endsWith(".d.ts"))
    .map((entry) => join(entry.parentPath, entry.name));
  // The version stands in package.json, which services tell.
  return [...sources, join(root, "package.json"), join(root, "package-lock.json"), import.meta.filename];
}
