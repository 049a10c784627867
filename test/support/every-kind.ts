/** Runs that leave something of every kind of data behind, each with words of its own, and what is read of it again. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { MetricsService } from "../../gen/biplane/metrics/v1/metrics_pb.js";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { accessToken, api } from "./api.ts";
import { runExample } from "./client.ts";
import { sayOfPod } from "./events.ts";
import { environment } from "./local-run.ts";
import { taskLog } from "./remote-build.ts";
import { runClient } from "./runs.ts";
import { secret } from "./user-secrets.ts";

const { org, project, domain } = environment;
const own = ["--project", project, "--domain", domain];
/** Of the file and of the report, each: many times what a region hears of a run. */
export const bulkBytes = 8 * 1024 * 1024;

const word = (kind: string) => `${kind}-${randomBytes(9).toString("hex")}`;

/** Words that the runs leave: what a task says is made of `given`, which nothing but its inputs tells. */
export function newWords() {
  const given = word("given");
  const of = (kind: string) => `${kind}-of-${given}`;
  return {
    ...{ given, bulk: of("bulk"), returned: of("returned"), report: of("report"), logs: of("logs") },
    ...{ code: word("code"), definition: word("definition"), message: word("message"), secret: word("secret") },
    events: word("events"),
  };
}

export type Words = ReturnType<typeof newWords>;

const program = ({ code, definition }: Words, secretName: string) => `
import hashlib, os, pathlib, tempfile, time
import flyte, flyte.report
from flyte.io import File

# ${code}
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
env = flyte.TaskEnvironment(
    name="kinds",
    image=flyte.Image.from_base(prebuilt) if prebuilt else "auto",
    env_vars={"DEFINITION": "${definition}"},
    secrets=[flyte.Secret("${secretName}", as_env_var="SECRET")],
)

@env.task(report=True)
async def kinds(given: str, seconds: float) -> tuple[str, File]:
    print("logs-of-" + given, flush=True)
    bulk = pathlib.Path(tempfile.mkdtemp()) / "bulk.bin"
    bulk.write_bytes(("bulk-of-" + given).encode() + os.urandom(${bulkBytes}))
    await flyte.report.log.aio("<p>report-of-" + given + "</p>" + os.urandom(${bulkBytes / 2}).hex(), do_flush=True)
    # Long enough for the cluster to measure it.
    time.sleep(seconds)
    digest = hashlib.sha256(os.environ["SECRET"].encode()).hexdigest()
    return "returned-of-" + given + " " + digest, await File.from_local(str(bulk))

@env.task
async def breaks(reason: str) -> str:
    raise ValueError(reason)
`;

export interface EveryKind {
  words: Words;
  run: string;
  failed: string;
  /** What the region relayed, and what it has on record: never what came by other ways. */
  relayed: { outputs: string; logs: string; events: string; memoryBytes: number };
  /** Deletes the secret. */
  close(): Promise<void>;
}

/** @throws where a run does not end as it should */
export async function leaveEveryKind(): Promise<EveryKind> {
  const words = newWords();
  const secretName = word("kind");
  const folder = mkdtempSync(join(tmpdir(), "biplane-kinds-"));
  const file = join(folder, "value");
  // By file, so that no list of processes shows it.
  writeFileSync(file, words.secret, { mode: 0o600 });
  await secret("create", [secretName, "--from-file", file, ...own]).finally(() => rmSync(file));
  const close = async () => void (await secret("delete", [secretName, ...own]));
  writeFileSync(join(folder, "kinds.py"), program(words, secretName));
  try {
    return { ...(await runAll(words, folder)), words, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runAll(words: Words, folder: string): Promise<Pick<EveryKind, "run" | "failed" | "relayed">> {
  const options = { folder, follow: false };
  const started = await runExample("kinds", "kinds", ["--given", words.given, "--seconds", "45"], options);
  const failing = await runExample("kinds", "breaks", ["--reason", words.message], options);
  for (const { result } of [started, failing])
    if (result.exitCode !== 0) throw new Error(`flyte run: ${result.stderr || result.stdout}`);
  const { name: run } = started;
  const patient = { timeout: 120_000, interval: 500 };
  await vi.waitFor(async () => expect(await taskLog(run)).toContain(words.logs), patient);
  const memoryBytes = await firstMeasured(run);
  await sayOfPod(`${run}-a0-0`, words.events);
  const runs = await runClient();
  await Promise.all([run, failing.name].map((name) => runs.ended(name)));
  const data = api(DataProxyService, await accessToken());
  const actionId = { name: "a0", run: { org, project, domain, name: run } };
  const lines: string[] = [];
  for await (const { logs } of data.tailLogs({ actionId, attempt: 1 }))
    lines.push(...logs.flatMap((part) => part.lines.map(({ message }) => message)));
  const outputs = JSON.stringify((await runs.data(run)).outputs, (_, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
  const events = (await runs.clusterEvents(run)).map(({ message }) => message).join("\n");
  return {
    ...{ run, failed: failing.name },
    relayed: { outputs, logs: lines.join("\n"), events, memoryBytes },
  };
}

export const digestOf = (value: string) => createHash("sha256").update(value).digest("hex");

/** As the region relays it. */
async function firstMeasured(run: string): Promise<number> {
  const request = { org, project, domain, run, action: "a0", attempt: 1 };
  const watched = api(MetricsService, await accessToken()).watchMetrics(request, { timeoutMs: 60_000 });
  for await (const { measurement } of watched) if (measurement) return Number(measurement.containers[0]?.memoryBytes);
  throw new Error(`${run} was not measured`);
}
