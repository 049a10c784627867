/** `pulumi` as a user types it, on a stack of the local run: Pulumi.yaml's main by Pulumi's own entry. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { checkout } from "../../../cli/context.ts";
import type { Sandbox } from "../../context.ts";
import type { Plane } from "../../hosts.ts";
import { startProviders } from "../../providers/index.ts";
import { type StackLayout, stackLayout } from "../layout.ts";
import { serveOfficialEntry } from "./official-entry.ts";

export interface Said {
  exitCode: number;
  /** Both streams. */
  all: string;
}

export interface OfficialCli {
  /**
   * @param plane whose account and cluster the stack is made in
   * @param args such as `["preview", "--expect-no-changes", "--config", "biplane:replicas=3"]`
   */
  run(stack: string, plane: Plane, args: string[]): Promise<Said>;
  close(): void;
}

export async function startOfficialCli(sandbox: Sandbox): Promise<OfficialCli> {
  const folder = mkdtempSync(join(tmpdir(), "biplane-entry-"));
  const host = await serveOfficialEntry();
  return {
    async run(stack, plane, [command = "", ...more]) {
      const layout = stackLayout(sandbox.paths, stack);
      // A copy: the engine writes what `--config` gives back into the file.
      const file = join(folder, `Pulumi.${stack}.yaml`);
      copyFileSync(join(layout.folder, `Pulumi.${stack}.yaml`), file);
      const providers = await startProviders(sandbox, plane, plane);
      const where = ["--cwd", checkout, "--stack", stack, "--config-file", file];
      const args = [command, ...where, "--non-interactive", "--color", "never", ...more];
      try {
        const { exitCode = 1, all } = await execa(sandbox.tools.bin("pulumi"), args, {
          reject: false,
          all: true,
          env: officialEnvironment(layout, providers.addresses, host.address),
        });
        return { exitCode, all };
      } finally {
        providers.close();
      }
    },
    close() {
      host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What an engine is told that runs a program by Pulumi's own entry, with attached providers and language host. */
export function officialEnvironment(layout: StackLayout, providers: string, languages: string): Record<string, string> {
  return {
    PULUMI_HOME: layout.home,
    PULUMI_BACKEND_URL: `file://${layout.backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE_FILE: layout.passphraseFile,
    PULUMI_DEBUG_PROVIDERS: providers,
    PULUMI_DEBUG_LANGUAGES: languages,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
  };
}
