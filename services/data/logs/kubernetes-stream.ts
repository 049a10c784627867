/** An answer of the API server as it comes, at the reader's pace. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

/** @throws where the answer is not 200. The caller destroys what it is given. */
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
  throw new Error(`the API server answered ${answer.statusCode} for ${path.split("?")[0]}`);
}
