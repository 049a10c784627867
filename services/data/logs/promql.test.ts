import { describe, expect, it } from "vitest";
import { cpuOf, memoryOf, quoted } from "./promql.ts";

const place = { namespace: "demo-development", pod: "r1-a0-0" };

/** As PromQL reads a string in double quotes: to the first quote that is not escaped. */
function literals(query: string): string[] {
  return [...query.matchAll(/"((?:\\.|[^"\\\n])*)"/g)].map(([, inside = ""]) => inside.replace(/\\(.)/g, "$1"));
}

describe("a question to the metrics store", () => {
  it("is of one pod, by fixed words", () => {
    expect(cpuOf(place, 60)).toBe(
      'max by (container) (rate(container_cpu_usage_seconds_total{namespace="demo-development",pod="r1-a0-0"}[60s]))',
    );
    expect(memoryOf(place, 30)).toBe(
      "max by (container) (max_over_time(" +
        'container_memory_working_set_bytes{namespace="demo-development",pod="r1-a0-0"}[30s]))',
    );
  });

  it.each([['"} or vector(1) #'], ["\\"], ['\\"} or up{job="'], ["a\nb"], ['x",namespace=~".*'], ["`{}`"]])(
    "takes %j for a name and nothing else",
    (pod) => {
      const query = cpuOf({ namespace: "demo-development", pod }, 60);
      expect(query.replace(quoted(pod), '"r1-a0-0"')).toBe(cpuOf(place, 60));
      expect(quoted(pod)).not.toContain("\n");
      if (!pod.includes("\n")) expect(literals(query)).toEqual(["demo-development", pod]);
    },
  );

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("is refused over %d seconds", (seconds) => {
    expect(() => memoryOf(place, seconds)).toThrow(/whole number of seconds/);
  });
});
