/** Runs the documented lines as a reviewer would type them, and keeps what they printed. */
import { $ } from "zx";
import { builderService, buildNamespace } from "../../components/image-builder/contract.ts";
import { checks } from "../checks/index.ts";
import type { Collected } from "../facts.ts";
import { judges } from "../parity.ts";
import { redactText } from "../reason/credentials.ts";
import type { AzureTarget, GoogleTarget, Target } from "../target.ts";
import { type DocumentedCommand, documentedCommands, fill, onlyOnAws } from "./commands.ts";

export interface CommandRecord {
  group: string;
  line: string;
  weakness?: string;
  /** Absent when the line did not run. */
  exitCode?: number;
  stdout?: string;
  stderr?: string;
  seconds?: number;
  /** Why it did not run. */
  notRun?: string;
}

const keptCharacters = 20_000;

type AnyTarget = Target | GoogleTarget | AzureTarget;

/** `path`: the folders of `kubectl` and `aws`, before the caller's own. One line after the other, as typed. */
export async function runDocumented(
  target: AnyTarget,
  collected: Partial<Collected>,
  path: string[],
): Promise<CommandRecord[]> {
  const values = placeholders(target, collected);
  const shell = $({
    nothrow: true,
    quiet: true,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: "60s",
    env: environment(target, path),
  });
  const records: CommandRecord[] = [];
  for (const { group, line: documented, ...weaknesses } of documentedCommands.flatMap(whereBuildsRun)) {
    const weakness = (target.cloud === "aws" ? undefined : weaknesses.weaknessElsewhere) ?? weaknesses.weakness;
    const base = { group, ...(weakness ? { weakness } : {}) };
    const elsewhere = onlyOnAws(documented, target.cloud, besideOf(group, target));
    if (elsewhere !== undefined) {
      records.push({ ...base, line: documented, notRun: elsewhere });
      continue;
    }
    const filled = fill(documented, values);
    if ("missing" in filled) {
      records.push({ ...base, line: documented, notRun: `nothing stands for <${filled.missing}> on this plane` });
      continue;
    }
    const started = performance.now();
    const done = await shell`bash -c ${filled.line}`;
    records.push({
      ...base,
      line: filled.line,
      exitCode: done.exitCode ?? -1,
      stdout: redactText(done.stdout).slice(0, keptCharacters),
      stderr: redactText(done.stderr).slice(0, keptCharacters),
      seconds: (performance.now() - started) / 1000,
    });
  }
  return records;
}

/** The documents say in one place that builds run in the platform's namespace, and in another not: so ask in both. */
function whereBuildsRun(command: DocumentedCommand): DocumentedCommand[] {
  if (command.group !== "C10") return [command];
  // A build's pod is gone with the build; the builder's own log names what was pulled and pushed.
  return [command, { ...command, line: command.line.replace("-n union", `-n ${buildNamespace}`) }];
}

/** Checks of the plane that stand beside a group of lines, in the target's cloud. */
function besideOf(group: string, { cloud }: AnyTarget): string[] {
  const beside = checks.filter((check) => check.plane === "compute" && !check.probes && judges(check, cloud));
  return beside.filter(({ documented }) => documented.includes(group)).map(({ id }) => id);
}

function placeholders(
  target: AnyTarget,
  { pods, repositories }: Partial<Collected>,
): Record<string, string | undefined> {
  const inPlatform = (pods?.read ? pods.value : []).filter(({ metadata }) => metadata?.namespace === target.namespace);
  const named = (name: string) =>
    inPlatform.find(({ metadata }) => metadata?.labels?.["app.kubernetes.io/name"] === name);
  const builder = (pods?.read ? pods.value : []).find(
    ({ metadata }) =>
      metadata?.namespace === buildNamespace && metadata.labels?.["app.kubernetes.io/name"] === builderService,
  );
  return {
    namespace: target.namespace,
    "executor-pod": named("executor")?.metadata?.name,
    "buildkit-pod": builder?.metadata?.name,
    repo: target.repository,
    tag: repositories?.read ? repositories.value.find(({ name }) => name === target.repository)?.latestTag : undefined,
  };
}

function environment(target: AnyTarget, path: string[]): NodeJS.ProcessEnv {
  return {
    PATH: [...path, process.env.PATH].join(":"),
    HOME: process.env.HOME,
    LANG: "C.UTF-8",
    KUBECONFIG: target.kubeconfig,
    ...(target.cloud === "aws" ? forAws(target) : {}),
  };
}

function forAws({ aws, region }: Target): NodeJS.ProcessEnv {
  return {
    AWS_PROFILE: aws.profile,
    AWS_REGION: region,
    AWS_PAGER: "",
    ...(aws.configFile ? { AWS_CONFIG_FILE: aws.configFile } : {}),
    ...(aws.credentialsFile ? { AWS_SHARED_CREDENTIALS_FILE: aws.credentialsFile } : {}),
    ...(aws.endpointUrl ? { AWS_ENDPOINT_URL: aws.endpointUrl } : {}),
    ...(aws.caFile ? { AWS_CA_BUNDLE: aws.caFile } : {}),
  };
}
