/** The region's public API for the operator's own commands, signed in as the flyte client's configuration says. */
import { readFileSync } from "node:fs";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { parse } from "yaml";
import { z } from "zod";
import { readEnvironment } from "../sandbox/environment.ts";
import { paths } from "../sandbox/paths.ts";
import { messageOf, refusal, UserError } from "../shared/errors.ts";
import { signIn } from "../shared/sign-in.ts";

const host = /^(?:dns:\/\/\/)?([a-z0-9.-]+)$/;

const clientSchema = z.object({
  admin: z.object({
    endpoint: z.string().regex(host, "a bare host, such as dns:///us-east-2.example.com"),
    clientId: z.string().min(1),
    clientSecretLocation: z.string().min(1),
  }),
});

/** @param config the flyte client's configuration file. @default the local run's */
export async function connectApi(config: string | undefined): Promise<Transport> {
  const { file, ca } = config === undefined ? localClient() : { file: config, ca: undefined };
  const { endpoint, clientId, secret } = readClient(file);
  const token = await signIn({ endpoint, clientId, secret, ca });
  return createConnectTransport({
    baseUrl: `https://${endpoint}`,
    httpVersion: "2",
    nodeOptions: { ...(ca ? { ca } : {}) },
    defaultTimeoutMs: 30_000,
    interceptors: [
      (next) => (call) => {
        call.header.set("authorization", `Bearer ${token}`);
        return next(call);
      },
    ],
  });
}

/** Runs a call. @throws UserError with what the region answered, for what a person can put right. */
export async function asked<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const wrong = error.code === Code.InvalidArgument || error.code === Code.FailedPrecondition;
    throw new UserError(error.rawMessage, { exitCode: wrong ? 3 : 1, cause: error });
  }
}

function localClient() {
  const { clientConfigFile, caFile } = readEnvironment(paths());
  return { file: clientConfigFile, ca: readFileSync(caFile, "utf8") };
}

function readClient(file: string) {
  const read = clientSchema.safeParse(parse(readText("--config", file)));
  if (!read.success) {
    const { path = [], message = "" } = read.error.issues[0] ?? {};
    throw refusal({ subject: `${path.join(".")} in ${file}`, allowed: message });
  }
  const { endpoint, clientId, clientSecretLocation } = read.data.admin;
  const secret = readText("admin.clientSecretLocation", clientSecretLocation).trim();
  return { endpoint: endpoint.replace(host, "$1"), clientId, secret };
}

/** @throws UserError that names the option and the file. */
export function readText(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw refusal({ subject: option, value: file, allowed: `a readable file (${messageOf(error)})` });
  }
}
