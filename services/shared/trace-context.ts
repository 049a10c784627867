/** Where a request stands in its trace, as W3C Trace Context says it between services. */
import { randomBytes } from "node:crypto";

export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 of them. */
  spanId: string;
  sampled: boolean;
}

/** By which a trace goes on. The latter two carry anybody's text, and none of ours: nobody passes them on. */
export const traceHeaders: ReadonlySet<string> = new Set(["traceparent", "tracestate", "baggage"]);

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** @returns undefined for what is none. */
export function parseTraceparent(header: unknown): TraceContext | undefined {
  const [, traceId, spanId, flags] = form.exec(typeof header === "string" ? header : "") ?? [];
  return traceId && spanId && flags ? { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 } : undefined;
}

export function renderTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** @param ratio of the traces that begin here, how many are told. One that has begun is told as its beginning was. */
export function nextContext(parent: TraceContext | undefined, ratio: number): TraceContext {
  const spanId = randomBytes(8).toString("hex");
  if (parent) return { ...parent, spanId };
  const traceId = randomBytes(16).toString("hex");
  // By the id, so that every service would choose alike.
  return { traceId, spanId, sampled: Number.parseInt(traceId.slice(0, 12), 16) < ratio * 2 ** 48 };
}
