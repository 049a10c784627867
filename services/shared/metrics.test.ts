import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { paths } from "../../sandbox/paths.ts";
import { ensureLeaf } from "../../sandbox/pki.ts";
import { counter, gauge, histogram, reading, renderMetrics } from "./metrics.ts";
import { startProcessMetrics } from "./process-metrics.ts";
import { metricValue, parseMetrics, seriesOf } from "./testing/prometheus.ts";

/** Read anew: a metric is there for as long as its process. */
const now = async () => parseMetrics(await renderMetrics());

it("adds up what is counted, by labels, and has what has none from the start", async () => {
  const eaten = counter("test_eaten_total", "What was eaten", { what: ["apples", "pears"] });
  const plain = counter("test_plain_total", "Without labels", {});
  expect(metricValue(await now(), "test_plain_total")).toBe(0);
  expect(seriesOf(await now())).toContain("test_plain_total {}");
  eaten.add({ what: "apples" }, 2);
  eaten.add({ what: "apples" });
  eaten.add({ what: "pears" });
  plain.add({});
  const metrics = await now();
  expect(metricValue(metrics, "test_eaten_total", { what: "apples" })).toBe(3);
  expect(metricValue(metrics, "test_eaten_total")).toBe(4);
  expect(metricValue(metrics, "test_plain_total")).toBe(1);
});

it("calls every value that was not listed other, however many come", async () => {
  const seen = counter("test_seen_total", "Who was seen", { who: new Set<string>(["ann"]) });
  for (let at = 0; at < 1_000; at++) seen.add({ who: `somebody-${at}` });
  seen.add({ who: "ann" });
  seen.add({ who: "constructor" });
  const metrics = await now();
  expect(seriesOf(metrics).filter((series) => series.startsWith("test_seen_total"))).toHaveLength(2);
  expect(metricValue(metrics, "test_seen_total", { who: "other" })).toBe(1_001);
  expect(await renderMetrics()).not.toContain("somebody");
});

it("puts times into buckets that hold all up to their bound", async () => {
  const took = histogram("test_took_seconds", "How long it took", { outcome: ["done"] }, [0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 7]) took.observe({ outcome: "done" }, seconds);
  const metrics = await now();
  const upTo = (le: string) => metricValue(metrics, "test_took_seconds_bucket", { le });
  expect([upTo("0.1"), upTo("1"), upTo("+Inf")]).toEqual([2, 3, 4]);
  expect(metricValue(metrics, "test_took_seconds_sum")).toBeCloseTo(7.65);
  expect(metricValue(metrics, "test_took_seconds_count")).toBe(4);
});

it("asks at each scrape for what is read, adds up several readers, and forgets one that has ended", async () => {
  const depth = gauge("test_depth", "How deep", { state: ["here", "there"] });
  let deep = 3;
  const end = depth.read({ state: "here" }, () => deep);
  const endOther = depth.readAll(async () => [
    [{ state: "here" }, 10],
    [{ state: "there" }, 1],
  ]);
  depth.add({ state: "there" }, 5);
  depth.add({ state: "there" }, -2);
  expect([metricValue(await now(), "test_depth", { state: "here" }), metricValue(await now(), "test_depth")]).toEqual([
    13, 17,
  ]);
  deep = 4;
  endOther();
  expect(metricValue(await now(), "test_depth")).toBe(7);
  end();
  expect(metricValue(await now(), "test_depth")).toBe(3);
});

it("tells the rest where one cannot be read, and that it was not", async () => {
  const broken = gauge("test_broken", "Cannot be read", {});
  const before = metricValue(await now(), "biplane_unread_metrics_total");
  const end = broken.readAll(() => Promise.reject(new Error("the database is away: password=hunter2")));
  const text = await renderMetrics();
  end();
  expect(text).not.toContain("hunter2");
  expect(metricValue(parseMetrics(text), "test_plain_total")).toBe(1);
  expect(metricValue(await now(), "biplane_unread_metrics_total")).toBe(before + 1);
});

it("writes labels so that whatever is in them is read again as it was", async () => {
  const odd = 'a"b\\c\nd,e="f"';
  counter("test_odd_total", "Odd labels", { text: [odd], two: ["x"] }).add({ text: odd, two: "x" });
  expect(metricValue(await now(), "test_odd_total", { text: odd, two: "x" })).toBe(1);
});

it("has one metric of a name, and no name that Prometheus would not take", () => {
  expect(() => counter("test_plain_total", "Again", {})).toThrow("named wrongly, or twice");
  expect(() => counter("test-plain", "Dashes", {})).toThrow("named wrongly, or twice");
});

it("tells of the process what there is to tell of every process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "metrics-"));
  const { certificate } = await ensureLeaf(paths({ BIPLANE_STATE: folder }), { name: "test" });
  startProcessMetrics("test", readFileSync(certificate, "utf8"));
  rmSync(folder, { recursive: true });
  const metrics = await now();
  const yearAway = Date.now() / 1_000 + 365 * 24 * 3_600;
  expect(Math.abs(metricValue(metrics, "biplane_service_certificate_end_seconds") - yearAway)).toBeLessThan(3_600);
  expect(metricValue(metrics, "biplane_build_info", { service: "test" })).toBe(1);
  expect(metricValue(metrics, "process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
  expect(metricValue(metrics, "process_open_fds")).toBeGreaterThan(2);
  expect(metricValue(metrics, "process_start_time_seconds")).toBeCloseTo(
    Date.now() / 1_000 - performance.now() / 1_000,
    -1,
  );
  const cpu = metricValue(metrics, "process_cpu_seconds_total");
  for (const end = performance.now() + 20; performance.now() < end; );
  expect(metricValue(await now(), "process_cpu_seconds_total")).toBeGreaterThan(cpu);
  reading("gauge", "test_reading", "Read", () => 7);
  expect(metricValue(await now(), "test_reading")).toBe(7);
});

it.each([
  ["no end", "# HELP a b\n# TYPE a gauge\na 1"],
  ["no help", "# TYPE a gauge\na 1\n"],
  ["no metric", "a 1\n"],
  ["another's sample", "# HELP a b\n# TYPE a gauge\nb 1\n"],
  ["no number", "# HELP a b\n# TYPE a gauge\na one\n"],
  ["a label without quotes", "# HELP a b\n# TYPE a gauge\na{b=c} 1\n"],
  ["one series twice", "# HELP a b\n# TYPE a gauge\na 1\na 2\n"],
  ["one metric twice", "# HELP a b\n# TYPE a gauge\na 1\n# HELP a b\n# TYPE a gauge\na 1\n"],
  ["a counter of another name", "# HELP a b\n# TYPE a counter\na 1\n"],
  ["a histogram without its end", '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n'],
  ["a blank line", "# HELP a b\n# TYPE a gauge\n\na 1\n"],
])("is read by a parser that refuses %s", (_what, text) => {
  expect(() => parseMetrics(text)).toThrow();
});
