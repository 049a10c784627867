/** Spans in OpenTelemetry's protocol, OTLP 1.x as JSON. A span has the fields below and no others: there is nowhere to put more. */

/** One request, as one server has answered it. */
export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  /** Which of our servers. */
  server: string;
  /** Of the table of rules, or "other". */
  method: { rpc_service: string; rpc_method: string };
  /** As the metrics have it. */
  code: string;
  /** Milliseconds since 1970, with fractions. */
  began: number;
  ended: number;
}

/** Whose spans they are. */
export interface Teller {
  service: string;
  version: string;
}

/** What OTLP calls a server's span, and one that failed. */
const serverKind = 2;
const failedStatus = 2;

/** The fault of whoever answered; what callers do wrong is no failure of a span. */
const failures = new Set(["unknown", "deadline_exceeded", "internal", "unavailable", "data_loss", "http_5xx"]);

export function renderSpans({ service, version }: Teller, spans: readonly Span[]) {
  const byServer = Map.groupBy(spans, ({ server }) => server);
  return {
    resourceSpans: [
      {
        resource: {
          attributes: [
            text("service.namespace", "biplane"),
            text("service.name", service),
            text("service.version", version),
          ],
        },
        scopeSpans: [...byServer].map(([name, own]) => ({ scope: { name, version }, spans: own.map(renderSpan) })),
      },
    ],
  };
}

function renderSpan({ traceId, spanId, parentSpanId, method, code, began, ended }: Span) {
  const { rpc_service, rpc_method } = method;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name: `${rpc_service}/${rpc_method}`,
    kind: serverKind,
    startTimeUnixNano: nanoseconds(began),
    endTimeUnixNano: nanoseconds(ended),
    attributes: [
      text("rpc.system", "connect_rpc"),
      text("rpc.service", rpc_service),
      text("rpc.method", rpc_method),
      text("biplane.code", code),
    ],
    status: failures.has(code) ? { code: failedStatus } : {},
  };
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

/** As text, since the number is beyond what JSON's numbers hold. */
const nanoseconds = (milliseconds: number) => String(BigInt(Math.round(milliseconds * 1_000)) * 1_000n);
