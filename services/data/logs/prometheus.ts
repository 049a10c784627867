/** The MeasuredStore port on Prometheus: its query API, to which both ends show certificates. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { z } from "zod";
import { unavailable } from "../../shared/errors.ts";
import type { Asked, MeasuredStore, Series } from "./measured-store.ts";
import { cpuOf, memoryOf } from "./promql.ts";

export interface PrometheusOptions {
  /** https, without a path. */
  url: string;
  /** PEM: who signed the store's certificate, and this end's own. */
  tls: { ca: string; cert: string; key: string };
}

const readMs = 25_000;
/** 500 measures of some hundred containers. */
const maxBytes = 4 * 2 ** 20;
/** Questions at once; more wait. */
const maxSockets = 4;

const matrix = z.object({
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(
      z.object({
        metric: z.object({ container: z.string() }),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

export function prometheus({ url, tls }: PrometheusOptions): MeasuredStore {
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets, minVersion: "TLSv1.3" });
  const ask = async (query: string, { moments: { end, step, count } }: Asked, signal: AbortSignal) => {
    const range = { start: String(end - (count - 1) * step), end: String(end), step: String(step) };
    const form = new URLSearchParams({ query, ...range, timeout: `${readMs / 1_000 - 5}s` });
    const limited = AbortSignal.any([signal, AbortSignal.timeout(readMs)]);
    return parse(await post(new URL("/api/v1/query_range", url), { form, agent, signal: limited }));
  };
  return {
    cpu: (asked, signal) => ask(cpuOf(asked.place, asked.window), asked, signal),
    memory: (asked, signal) => ask(memoryOf(asked.place, asked.moments.step), asked, signal),
  };
}

interface Post {
  form: URLSearchParams;
  agent: Agent;
  signal: AbortSignal;
}

async function post(url: URL, { form, agent, signal }: Post): Promise<string> {
  let answer: IncomingMessage;
  let text: string;
  try {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const call = request(url, { method: "POST", agent, signal, headers });
    call.end(form.toString());
    [answer] = (await once(call, "response", { signal })) as [IncomingMessage];
    text = await bounded(answer);
  } catch (error) {
    throw unavailable("the compute plane's metrics store does not answer, try again", error);
  }
  // It is starting, or gives up a question that takes too long.
  if (answer.statusCode === 503 || answer.statusCode === 422) throw unavailable("the metrics store is busy, try again");
  if (answer.statusCode !== 200) throw new Error(`the metrics store answered ${answer.statusCode} for its query API`);
  return text;
}

async function bounded(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw new Error(`the metrics store's answer has more than ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): Series[] {
  return matrix.parse(JSON.parse(text)).data.result.map(({ metric, values }) => ({
    container: metric.container,
    values: new Map(
      values
        .map(([at, value]) => [Math.round(at), Number(value)] as const)
        .filter(([, value]) => Number.isFinite(value)),
    ),
  }));
}
