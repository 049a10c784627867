/**
 * The program as `pulumi up` starts it: from Pulumi.yaml's main, by Pulumi's own Node entry, in a process of its own. The
 * official language plugin cannot be had here; it does what `run` below does, and nothing else that a preview needs.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languageMessages, { type RunRequest } from "@pulumi/pulumi/proto/language_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import { messageOf } from "../../../shared/errors.ts";

const entry = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run/index.js");

export interface Host {
  /** Value of PULUMI_DEBUG_LANGUAGES, by which the engine attaches to it. */
  address: string;
  close(): void;
}

export async function serveOfficialEntry(): Promise<Host> {
  let engine = "";
  const server = new Server();
  server.addService(LanguageRuntimeService, {
    handshake: (
      { request }: ServerUnaryCall<InstanceType<typeof languageMessages.LanguageHandshakeRequest>, unknown>,
      reply: sendUnaryData<unknown>,
    ) => {
      engine = request.getEngineAddress();
      reply(null, new languageMessages.LanguageHandshakeResponse());
    },
    getRequiredPlugins: (_: unknown, reply: sendUnaryData<unknown>) =>
      reply(null, new languageMessages.GetRequiredPluginsResponse()),
    getPluginInfo: (_: unknown, reply: sendUnaryData<unknown>) =>
      reply(null, new pluginMessages.PluginInfo().setVersion("1.0.0")),
    run: ({ request }: ServerUnaryCall<RunRequest, unknown>, reply: sendUnaryData<unknown>) => {
      runProgram(request, engine).then(
        (error) => reply(null, new languageMessages.RunResponse().setError(error)),
        (error: unknown) => reply({ name: "run", message: messageOf(error) }),
      );
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `nodejs:${port}`, close: () => server.forceShutdown() };
}

/** @returns what went wrong, or nothing */
function runProgram(request: RunRequest, engine: string): Promise<string> {
  const config = Object.fromEntries(request.getConfigMap().toArray());
  const args = [
    `--monitor=${request.getMonitorAddress()}`,
    `--engine=${engine}`,
    `--project=${request.getProject()}`,
    `--stack=${request.getStack()}`,
    `--organization=${request.getOrganization()}`,
    `--parallel=${request.getParallel()}`,
    `--dry-run=${request.getDryrun()}`,
    `--pwd=${request.getInfo()?.getProgramDirectory() ?? request.getPwd()}`,
    request.getInfo()?.getEntryPoint() ?? request.getProgram(),
  ];
  const env = {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    let told = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        told = `${told}${chunk}`.slice(-4_000);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0 ? "" : `the program ended with ${code}: ${told}`));
  });
}
