/** Tells one collector which requests were served, where one is named. What is told of a request stands in otlp.ts. */
import { request as requestHttp } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import type { Logger } from "./log.ts";
import { counter } from "./metrics.ts";
import { renderSpans, type Span, type Teller } from "./otlp.ts";
import { nextContext, type TraceContext } from "./trace-context.ts";

export interface TracesOptions extends Teller {
  /** Where OTLP is taken by HTTP, such as http://collector.monitoring.svc.cluster.local:4318/v1/traces. */
  url: string;
  /** Of the traces that begin in this process, how many are told: 0 to 1. */
  ratio: number;
  log: Logger;
  /** @default 2 s */
  everyMs?: number;
}

export interface Traces {
  /** Tells what is still to be told, and no more after that. */
  close(): Promise<void>;
}

/** A span that has begun. */
export interface Started {
  context: TraceContext;
  end(span: Pick<Span, "method" | "code">): void;
}

/** So many wait at most while the collector cannot be reached; beyond that the newest are lost. */
const keptAtMost = 2_000;
const batchSize = 500;
const answerWithinMs = 5_000;

const told = counter("biplane_spans_total", "Spans, by what became of them", { outcome: ["told", "failed", "lost"] });

let open: { ratio: number; keep(span: Span): void } | undefined;

/** One a process. */
export function openTraces(options: TracesOptions): Traces {
  const { ratio, log, everyMs = 2_000 } = options;
  let waiting: Span[] = [];
  let silent = false;
  let telling = Promise.resolve();
  const tell = async () => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchSize);
      try {
        await send(options.url, JSON.stringify(renderSpans(options, batch)));
        told.add({ outcome: "told" }, batch.length);
        silent = false;
      } catch (error) {
        told.add({ outcome: "failed" }, batch.length);
        // One line for one outage.
        if (!silent) log.warn("traces cannot be told", { error });
        silent = true;
        // The others are tried the next time: a collector that hangs must not hold up the end of the process.
        return;
      }
    }
  };
  const flush = () => {
    telling = telling.then(tell);
    return telling;
  };
  const timer = setInterval(() => void flush(), everyMs);
  timer.unref();
  const keep = (span: Span) => {
    if (waiting.length < keptAtMost) waiting.push(span);
    else told.add({ outcome: "lost" });
  };
  open = { ratio, keep };
  return {
    async close() {
      clearInterval(timer);
      open = undefined;
      await flush();
      told.add({ outcome: "lost" }, waiting.length);
      waiting = [];
    },
  };
}

/** @returns undefined where nothing is told: then a trace that came is passed on as it is. */
export function startSpan(server: string, parent: TraceContext | undefined): Started | undefined {
  const traces = open;
  if (!traces) return undefined;
  const context = nextContext(parent, traces.ratio);
  const began = performance.timeOrigin + performance.now();
  return {
    context,
    end({ method, code }) {
      if (!context.sampled) return;
      const { traceId, spanId } = context;
      const ended = performance.timeOrigin + performance.now();
      traces.keep({ traceId, spanId, parentSpanId: parent?.spanId, server, method, code, began, ended });
    },
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function send(url: string, body: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const signal = AbortSignal.timeout(answerWithinMs);
  const options = { method: "POST", headers, signal };
  const sent = url.startsWith("https:") ? requestHttps(url, { ...options, agent }) : requestHttp(url, options);
  sent.on("error", reject);
  sent.on("response", (answer) => {
    answer.resume();
    answer.on("error", reject);
    answer.on("end", () => {
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve();
      else reject(new Error(`the collector answered ${status}`));
    });
  });
  sent.end(body);
  return promise;
}
