/** BuildKit's own client as a process: its lines as they come, and what it has pushed. */
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Code, ConnectError } from "@connectrpc/connect";
import { z } from "zod";
import { unavailable } from "../../shared/errors.ts";
import { programsContext } from "./dockerfile.ts";
import { LogEnd } from "./log-end.ts";

export interface BuildctlOptions {
  /** Folder of `buildctl` and `uv`. */
  programs: string;
  /** Folder of ca.crt, tls.crt and tls.key: what it shows the daemon, and whom it believes. */
  tls: string;
  /** Host that the daemon's certificate is for. */
  daemonHost: string;
  /** Of the one proxy by which packages come. */
  packageProxy: string;
  /** Host and path. */
  repository: string;
}

export interface Build {
  /** host:port of the daemon. */
  address: string;
  /** Folder of this build, removed afterwards: with `Dockerfile`, and `context` of the caller's files. */
  folder: string;
  tag: string;
  /** Digests of images of the repository whose layers may be taken again. */
  cache: readonly string[];
  /** Of the registry: user and password, in base64. */
  login: string;
}

const pushed = z.object({ "containerimage.digest": z.string().regex(/^sha256:[0-9a-f]{64}$/) });

/**
 * @param onLine is told each line of the build's log
 * @returns the digest of the image that was pushed
 * @throws ConnectError: aborted with the end of the log where the build failed
 */
export async function runBuildctl(
  build: Build,
  options: BuildctlOptions,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const { folder } = build;
  const metadata = join(folder, "pushed.json");
  // In a file: arguments and the environment are seen by whoever sees the process.
  const auths = { [options.repository.split("/")[0] ?? ""]: { auth: build.login } };
  await writeFile(join(folder, "config.json"), JSON.stringify({ auths }), { mode: 0o600 });

  const child = spawn(join(options.programs, "buildctl"), argumentsOf(build, options, metadata), {
    env: { PATH: process.env.PATH, HOME: folder, DOCKER_CONFIG: folder, SSL_CERT_FILE: process.env.SSL_CERT_FILE },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGTERM",
  });
  const end = new LogEnd();
  const read = async (stream: NodeJS.ReadableStream) => {
    for await (const line of createInterface({ input: stream })) {
      end.add(line);
      onLine(line);
    }
  };
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code] = await Promise.all([ended, read(child.stdout), read(child.stderr)]);
  if (code === 0) return pushed.parse(JSON.parse(await readFile(metadata, "utf8")))["containerimage.digest"];
  const told = String(end);
  // The daemon is gone, which says nothing of what was to be built.
  if (/^error: .*(rpc error: code = Unavailable|connection error)/m.test(told)) {
    throw unavailable(`the build's daemon was lost: ${told.slice(-500)}`);
  }
  throw new ConnectError(`the build failed:\n${told}`, Code.Aborted);
}

function argumentsOf({ address, folder, tag, cache }: Build, options: BuildctlOptions, metadata: string): string[] {
  const { repository, packageProxy, programs, tls, daemonHost } = options;
  const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];
  return [
    ...[`--addr=tcp://${address}`, `--tlsservername=${daemonHost}`],
    ...[`--tlscacert=${tls}/ca.crt`, `--tlscert=${tls}/tls.crt`, `--tlskey=${tls}/tls.key`],
    ...["build", "--progress=plain", "--frontend=dockerfile.v0"],
    ...[`--local=context=${join(folder, "context")}`, `--local=dockerfile=${folder}`],
    ...[`--local=${programsContext}=${programs}`, `--opt=context:${programsContext}=local:${programsContext}`],
    // Predefined ones of Dockerfiles: neither in the image nor part of what a layer is known by.
    ...proxies.map((name) => `--opt=build-arg:${name}=${packageProxy}`),
    ...cache.map((digest) => `--import-cache=type=registry,ref=${repository}@${digest}`),
    "--export-cache=type=inline",
    // OCI's, since Docker's own types have no name for the layers of a base that is packed by zstd: nobody could pull it.
    `--output=type=image,name=${repository}:${tag},push=true,oci-mediatypes=true`,
    `--metadata-file=${metadata}`,
  ];
}
