/** An answer of the API server as it comes, at the reader's pace. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

/** The API server answered with another status than 200. */
export class RefusedStream extends Error {
  readonly status: number | undefined;

  constructor(status: number | undefined, path: string) {
    super(`the API server answered ${status} for ${path}`);
    this.name = "RefusedStream";
    this.status = status;
  }
}

/** @throws RefusedStream where the answer is not 200. The caller destroys what it is given. */
export async function openStream(config: KubeConfig, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new Error("the kubeconfig names no cluster");
  const options: RequestOptions = { signal };
  await config.applyToHTTPSOptions(options);
  const call = request(new URL(`${server}${path}`), options);
  call.end();
  const [answer] = (await once(call, "response", { signal })) as [IncomingMessage];
  if (answer.statusCode === 200) return answer;
  answer.destroy();
  throw new RefusedStream(answer.statusCode, path.split("?")[0] ?? "");
}
