/**
 * The real Pulumi engine on this repository's stacks, by the Automation API: the program runs in this process, the
 * engine is the official CLI, the state is a file backend, and the providers are the sandbox's.
 */
import { mkdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type EngineEvent, LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation/index.js";
import type { Sandbox } from "../context.ts";
import type { Plane } from "../hosts.ts";
import type { AccountName } from "../providers/aws/cloud.ts";
import { type Providers, startProviders } from "../providers/index.ts";
import { openJournal } from "./journal.ts";
import { serveLanguage } from "./language.ts";
import { project, readState, type StackLayout, stackLayout } from "./layout.ts";
import { ensurePolicyHost } from "./policy-host.ts";
import { type EngineCommand, openStack, readOutputs } from "./quick.ts";
import { closeJournal, repair } from "./repair.ts";
import { type Report, reportOf } from "./report.ts";
import { writeConfig } from "./settings.ts";
import { takeTurn } from "./turn.ts";

export interface StackRun {
  stack: string;
  program: () => Promise<Record<string, unknown>>;
  /** Keys without a namespace are the project's own; nested values as JSON. */
  config: Record<string, string>;
  secrets: Record<string, string>;
  account: AccountName;
  plane: Plane;
  onEvent?: (event: EngineEvent) => void;
  /** Ends the operation as Ctrl-C does: what is under way is finished, nothing more is begun. */
  signal?: AbortSignal;
  /** @default those of an account in AWS */
  providers?: () => Promise<Providers>;
  /** Folder of a mandatory policy pack, which previews and updates must pass. @default none */
  policyPack?: string;
}

export interface StackResult {
  /** Plain values; those named in `secretOutputs` must not be printed. */
  outputs: Record<string, unknown>;
  secretOutputs: string[];
  /** How many resources of each kind of change: create, update, replace, delete, same, … */
  changes: Record<string, number>;
}

export interface ImportSpec {
  /** Pulumi type token. */
  type: string;
  /** Logical name in the program. */
  name: string;
  id: string;
}

export async function upStack(sandbox: Sandbox, run: StackRun): Promise<StackResult> {
  return operate(sandbox, run, "up", async ({ stack, layout, engine, report, options, policies }) => {
    await stack.up({ ...options, ...policies });
    return { ...(await readOutputs(layout, engine)), changes: report.changes() };
  });
}

export async function previewStack(sandbox: Sandbox, run: StackRun): Promise<Pick<StackResult, "changes">> {
  return operate(sandbox, run, "preview", async ({ stack, report, options, policies }) => {
    await stack.preview({ ...options, ...policies });
    return { changes: report.changes() };
  });
}

/** Makes the state what the cloud and the cluster really hold; the next `up` then puts right what differs. */
export async function refreshStack(sandbox: Sandbox, run: StackRun): Promise<Pick<StackResult, "changes">> {
  return operate(sandbox, run, "refresh", async ({ stack, report, options }) => {
    await stack.refresh(options);
    return { changes: report.changes() };
  });
}

/** Removes all that the stack made; its program is not run. */
export async function destroyStack(sandbox: Sandbox, run: StackRun): Promise<Pick<StackResult, "changes">> {
  return operate(sandbox, run, "destroy", async ({ stack, report, options }) => {
    await stack.destroy(options);
    return { changes: report.changes() };
  });
}

/** Takes an object that exists into the stack, unchanged, through the provider that the stack uses for its package. */
export async function importResource(sandbox: Sandbox, run: StackRun, { type, name, id }: ImportSpec): Promise<void> {
  await operate(sandbox, run, "import", async ({ stack, layout, options }) => {
    const provider = explicitProvider(layout, type.split(":")[0] ?? "");
    const language = await serveLanguage();
    stack.workspace.envVars.PULUMI_DEBUG_LANGUAGES = language.address;
    const imported = stack.import({
      resources: [{ type, name, id, ...(provider ? { provider: "own" } : {}) }],
      ...(provider ? { nameTable: { own: provider } } : {}),
      generateCode: false,
      protect: false,
      color: options.color,
    });
    await imported.finally(() => language.close());
  });
}

interface Opened {
  stack: Stack;
  layout: StackLayout;
  engine: EngineCommand;
  report: Report;
  policies: { policyPacks?: string[] };
  options: {
    color: "never";
    onEvent: (event: EngineEvent) => void;
    signal?: AbortSignal;
  };
}

async function operate<T>(
  sandbox: Sandbox,
  run: StackRun,
  operation: string,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const layout = stackLayout(sandbox.paths, run.stack);
  return takeTurn(layout, async () => {
    const start = run.providers ?? (() => startProviders(sandbox, run.account, run.plane));
    const [providers, command] = await Promise.all([start(), engineCommand(layout, sandbox.tools.bin("pulumi"))]);
    const journal = openJournal(layout);
    for (const pkg of providers.packages) pkg.journal = journal;
    const program = remembering(run.program);
    const report: Report = reportOf(operation, run.stack, program.thrown);
    const { stackTraceLimit, prepareStackTrace } = Error;
    try {
      const engine = { command: command.command, env: environment(layout, providers) };
      const stack = await open(layout, { ...engine, api: command }, program.run, providers, run);
      const onEvent = (event: EngineEvent) => {
        report.observe(event);
        run.onEvent?.(event);
      };
      if (run.policyPack) ensurePolicyHost(layout);
      const policies = run.policyPack ? { policyPacks: [run.policyPack] } : {};
      const result = await work({
        stack,
        layout,
        engine,
        report,
        policies,
        options: { color: "never", onEvent, signal: run.signal },
      });
      await closeJournal(layout, providers.packages);
      return result;
    } catch (error) {
      throw report.failure(error);
    } finally {
      // Programs may have fewer frames and plainer ones, and this process goes on.
      Object.assign(Error, { stackTraceLimit, prepareStackTrace });
      providers.close();
      // An engine that died leaves its creates to this process; the next operation must not meet them.
      await journal.idle();
    }
  });
}

async function open(
  layout: StackLayout,
  engine: EngineCommand & { api: PulumiCommand },
  program: StackRun["program"],
  providers: Providers,
  run: StackRun,
): Promise<Stack> {
  const workspace = await LocalWorkspace.create({
    ...{ workDir: layout.folder, pulumiHome: layout.home, pulumiCommand: engine.api, envVars: engine.env, program },
    projectSettings: { name: project, runtime: "nodejs" },
  });
  const stack = await openStack(layout, workspace);
  await repair(stack, layout, providers.packages);
  await writeConfig(stack, layout, engine, run);
  return stack;
}

function environment(layout: StackLayout, providers: Providers): Record<string, string> {
  return {
    PULUMI_HOME: layout.home,
    // Without sidecar files: they are not written whole or not at all, and a killed engine could not read its state.
    PULUMI_BACKEND_URL: `file://${layout.backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE_FILE: layout.passphraseFile,
    PULUMI_DEBUG_PROVIDERS: providers.addresses,
    // It writes the whole state at each step, and a fifth of its time went into collecting what that leaves.
    GOGC: "400",
    // The engine must neither call home nor fetch what is not attached.
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    PULUMI_DISABLE_CI_DETECTION: "true",
    PULUMI_DISABLE_CHECKPOINT_BACKUPS: "true",
  };
}

const commands = new Map<string, Promise<PulumiCommand>>();

/** The Automation API wants an installation (`ROOT/bin/pulumi`); the toolchain knows a program. */
function engineCommand(layout: StackLayout, program: string): Promise<PulumiCommand> {
  const root = join(layout.backend, "cli");
  const known = commands.get(root);
  if (known) return known;
  mkdirSync(join(root, "bin"), { recursive: true, mode: 0o700 });
  const link = join(root, "bin", "pulumi");
  // By rename: another stack's operation may start its engine through the link at this moment.
  symlinkSync(program, `${link}.${process.pid}`);
  renameSync(`${link}.${process.pid}`, link);
  const command = PulumiCommand.get({ root });
  commands.set(root, command);
  return command;
}

/** The engine reports a program's error as text only. */
function remembering(program: StackRun["program"]) {
  let thrown: unknown;
  return {
    thrown: () => thrown,
    run: async () => {
      try {
        return await program();
      } catch (error) {
        thrown = error;
        throw error;
      }
    },
  };
}

/** The stack's one provider instance of the package, if the program makes its own. */
function explicitProvider(layout: StackLayout, pkg: string): string | undefined {
  const type = `pulumi:providers:${pkg}`;
  const own = (readState(layout)?.resources ?? []).filter(
    (resource) => resource.type === type && !resource.urn.includes("::default"),
  );
  return own.length === 1 ? own[0]?.urn : undefined;
}
