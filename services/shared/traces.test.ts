import { afterEach, describe, expect, it } from "vitest";
import { renderMetrics } from "./metrics.ts";
import { recordingLog } from "./testing/log.ts";
import { type OtlpSink, startOtlpSink } from "./testing/otlp-sink.ts";
import { metricValue, parseMetrics } from "./testing/prometheus.ts";
import { until } from "./testing/until.ts";
import { nextContext, parseTraceparent, renderTraceparent } from "./trace-context.ts";
import { openTraces, startSpan, type Traces } from "./traces.ts";

const parent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };
const userInfo = { rpc_service: "flyteidl2.auth.IdentityService", rpc_method: "UserInfo" };

describe("a traceparent", () => {
  it("is read as it was written", () => {
    expect(parseTraceparent(renderTraceparent(parent))).toEqual(parent);
    const unsampled = { ...parent, sampled: false };
    expect(parseTraceparent(renderTraceparent(unsampled))).toEqual(unsampled);
  });

  it.each([
    undefined,
    "",
    ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-needle",
    "00-customer-data-01",
  ])("that is %j is none", (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it("goes on with another span, and is told as its beginning was, whatever the ratio", () => {
    expect(nextContext(parent, 0)).toMatchObject({ traceId: parent.traceId, sampled: true });
    expect(nextContext({ ...parent, sampled: false }, 1).sampled).toBe(false);
    expect(nextContext(parent, 1).spanId).not.toBe(parent.spanId);
  });

  it("begins as often as the ratio says", () => {
    const share = (ratio: number) =>
      Array.from({ length: 4_000 }, () => nextContext(undefined, ratio)).filter(({ sampled }) => sampled).length /
      4_000;
    expect([share(0), share(1)]).toEqual([0, 1]);
    expect(Math.abs(share(0.25) - 0.25)).toBeLessThan(0.05);
  });
});

describe("spans", () => {
  let sink: OtlpSink | undefined;
  let traces: Traces | undefined;
  afterEach(async () => {
    await traces?.close();
    await sink?.[Symbol.asyncDispose]();
    [traces, sink] = [undefined, undefined];
  });

  async function tell(more: { ratio?: number; url?: string; everyMs?: number } = {}) {
    const { log, lines } = recordingLog();
    sink = await startOtlpSink();
    traces = openTraces({ url: sink.url, ratio: 1, service: "test", version: "1.2.3", log, everyMs: 20, ...more });
    return { sink, lines };
  }
  const counted = async (outcome: string) =>
    metricValue(parseMetrics(await renderMetrics()), "biplane_spans_total", { outcome });

  it("are told with their times, their parent and how they were answered, and nothing else", async () => {
    const { sink: taken } = await tell();
    const began = BigInt(Date.now() - 1) * 1_000_000n;
    startSpan("gateway", undefined)?.end({ method: userInfo, code: "ok" });
    startSpan("gateway", parent)?.end({ method: userInfo, code: "unavailable" });
    await until(async () => taken.spans.length === 2);
    const [first, second] = taken.spans;
    const attributes = { "rpc.system": "connect_rpc", "rpc.service": userInfo.rpc_service, "rpc.method": "UserInfo" };
    expect(first).toMatchObject({
      server: "gateway",
      failed: false,
      attributes: { ...attributes, "biplane.code": "ok" },
    });
    expect(Object.keys(first?.attributes ?? {})).toHaveLength(4);
    expect(first?.parentSpanId).toBeUndefined();
    expect(second).toMatchObject({ traceId: parent.traceId, parentSpanId: parent.spanId, failed: true });
    expect(first && first.began >= began && first.ended >= first.began).toBe(true);
  });

  it("of a trace that is not told are not, and there are none where no collector is named", async () => {
    const { sink: taken } = await tell({ ratio: 0 });
    startSpan("gateway", undefined)?.end({ method: userInfo, code: "ok" });
    startSpan("gateway", { ...parent, sampled: false })?.end({ method: userInfo, code: "ok" });
    startSpan("gateway", parent)?.end({ method: userInfo, code: "ok" });
    await traces?.close();
    expect(taken.spans).toHaveLength(1);
    expect(startSpan("gateway", parent)).toBeUndefined();
  });

  it("that wait at the end are told before it", async () => {
    const { sink: taken } = await tell({ everyMs: 60_000 });
    for (let at = 0; at < 1_200; at++) startSpan("gateway", parent)?.end({ method: userInfo, code: "ok" });
    await traces?.close();
    expect(taken.spans).toHaveLength(1_200);
  });

  it("are given up where the collector refuses them, told of once, and told again once it takes them", async () => {
    const { sink: taken, lines } = await tell();
    const [failed, lost] = [await counted("failed"), await counted("lost")];
    taken.answer(503);
    for (let at = 0; at < 3; at++) {
      startSpan("gateway", parent)?.end({ method: userInfo, code: "ok" });
      const before = failed + at;
      await until(async () => (await counted("failed")) > before);
    }
    expect(lines.filter((line) => line.includes("traces cannot be told"))).toHaveLength(1);
    expect(await counted("lost")).toBe(lost);
    taken.answer(200);
    startSpan("gateway", parent)?.end({ method: userInfo, code: "ok" });
    await until(async () => taken.spans.length === 1);
  });

  it("beyond what may wait are lost, and counted", async () => {
    await tell({ everyMs: 60_000 });
    const lost = await counted("lost");
    for (let at = 0; at < 2_100; at++) startSpan("gateway", parent)?.end({ method: userInfo, code: "ok" });
    expect(await counted("lost")).toBe(lost + 100);
  });
});
