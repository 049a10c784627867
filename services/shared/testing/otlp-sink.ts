/** A collector in this process: takes OTLP as JSON, and nothing that its specification does not know. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const attribute = z.strictObject({ key: z.string(), value: z.strictObject({ stringValue: z.string() }) });

const spanSchema = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  name: z.string().min(1),
  kind: z.literal(2),
  startTimeUnixNano: z.string().regex(/^\d{19}$/),
  endTimeUnixNano: z.string().regex(/^\d{19}$/),
  attributes: z.array(attribute),
  status: z.strictObject({ code: z.literal(2).optional() }),
});

const requestSchema = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string(), version: z.string() }),
          spans: z.array(spanSchema).min(1),
        }),
      ),
    }),
  ),
});

export interface TakenSpan extends Pick<z.output<typeof spanSchema>, "traceId" | "spanId" | "parentSpanId" | "name"> {
  /** Of ours that served it. */
  server: string;
  attributes: Record<string, string>;
  failed: boolean;
  /** Nanoseconds since 1970. */
  began: bigint;
  ended: bigint;
}

export interface OtlpSink extends AsyncDisposable {
  url: string;
  spans: TakenSpan[];
  /** Every byte that came: heads and bodies. */
  raw(): string;
  /** What it answers from now on. @default 200 */
  answer(status: number): void;
}

export async function startOtlpSink(): Promise<OtlpSink> {
  const spans: TakenSpan[] = [];
  const wrong: unknown[] = [];
  let raw = "";
  let status = 200;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    raw += `${JSON.stringify(request.headers)}\n${body}\n`;
    if (status === 200) {
      try {
        spans.push(...spansOf(body));
      } catch (error) {
        wrong.push(error);
      }
    }
    response.writeHead(wrong.length > 0 ? 400 : status, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    raw: () => raw,
    answer: (next) => {
      status = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      if (wrong.length > 0) throw new AggregateError(wrong, "what came was no OTLP");
    },
  };
}

function spansOf(body: string): TakenSpan[] {
  const { resourceSpans } = requestSchema.parse(JSON.parse(body));
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map(({ attributes, status, startTimeUnixNano, endTimeUnixNano, ...span }) => ({
        ...span,
        server: scope.name,
        attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])),
        failed: status.code === 2,
        began: BigInt(startTimeUnixNano),
        ended: BigInt(endTimeUnixNano),
      })),
    ),
  );
}
