/** What the sabotages of CP-13 do not show: each near miss that a recommendation must see, and what it must let be. */
import { describe, expect, it } from "vitest";
import { accountHoldsBenchmark } from "../checks/cp-13-account-benchmark.ts";
import { judge } from "../runner.ts";
import { collectedFrom, goodFacts, goodTargets } from "../testing/good-plane.ts";
import type { BenchmarkFacts } from "./judged.ts";
import { samples } from "./samples.ts";
import { byFacts, byPerson, decidedBy } from "./table.ts";

/** Numbers of the recommendations that are broken then. */
function broken(change: (facts: BenchmarkFacts) => unknown): string[] {
  const facts = goodFacts();
  change(facts);
  const findings = accountHoldsBenchmark.evaluate(facts, goodTargets).filter(({ ok }) => !ok);
  return [...new Set(findings.map(({ subject }) => /CIS ([\d.]+):/.exec(subject)?.[1] ?? subject))];
}

const first = <T>(list: readonly T[]): T => {
  const [one] = list;
  if (one === undefined) throw new Error("there is none");
  return one;
};
const watched = Object.keys(samples);

describe("the benchmark", () => {
  it("has 58 recommendations, each decided by facts or by a person", () => {
    const numbers = [...Object.keys(byFacts), ...byPerson.map(({ number }) => number)];
    expect(new Set(numbers).size).toBe(58);
    expect(Object.keys(byFacts)).toHaveLength(51);
    expect(watched).toHaveLength(15);
  });

  it("holds on a good account, and each recommendation is broken by its own sabotage first of all", () => {
    expect(broken(() => undefined)).toEqual([]);
    for (const { name, apply } of accountHoldsBenchmark.sabotages) {
      const number = name.split(":")[0] ?? "";
      expect(
        broken((facts) => apply({ ...goodFacts(), ...facts }, goodTargets)),
        name,
      ).toContain(number);
    }
  });

  it("names every fact that could not be read, with the recommendations that hang on it", () => {
    const refused = (words: string) => ({ read: false, reason: "403 Forbidden", request: words }) as const;
    const collected = {
      ...collectedFrom(goodFacts()),
      regionRoot: refused(`iam; for ${decidedBy("regionRoot")}`),
      regionRecorders: refused(`config; for ${decidedBy("regionRecorders")}`),
    };
    expect(judge(accountHoldsBenchmark, collected, goodTargets)).toEqual({
      outcome: "NOT_EVALUATED",
      reason:
        "regionRoot could not be read: 403 Forbidden (iam; for CIS 1.4, 1.5, 1.6); regionRecorders could not be read: 403 Forbidden (config; for CIS 3.5)",
    });
  });
});

describe("section 1", () => {
  it("counts what was never used from the day that it was made", () => {
    const stale = { active: true, rotated: "2025-11-01T00:00:00.000Z" };
    expect(
      broken(({ regionCredentials: { users } }) => users.push({ ...first(users.slice(2)), keys: [stale] })),
    ).toEqual(["1.12"]);
  });

  it("takes an account whose report leaves the root user out for one that was not looked at", () => {
    expect(broken(({ regionCredentials: { users } }) => users.shift())).toEqual(["1.7"]);
  });

  it("sees everything in a group's own policy, too", () => {
    const change = ({ regionPrincipals }: BenchmarkFacts) => {
      const statement = first(first(regionPrincipals.groups ?? []).inline).document.statements[0];
      if (statement) statement.actions = ["*"];
    };
    expect(broken(change)).toEqual(["1.16"]);
  });
});

describe("section 4", () => {
  it.each<[string, (facts: BenchmarkFacts) => unknown]>([
    ["nobody has said yes to the topic", ({ regionSubscribed }) => regionSubscribed.topics.splice(0)],
    [
      "the alarms are muted",
      ({ regionAlarms }) => regionAlarms.map((alarm) => Object.assign(alarm, { enabled: false })),
    ],
    [
      "the filters look at another log group",
      ({ regionLogFilters: { filters } }) =>
        filters.map((filter) => Object.assign(filter, { group: "/biplane/audit" })),
    ],
    [
      "the trail fills a group of the same name in another account",
      ({ regionTrails }) =>
        regionTrails.map((trail) =>
          Object.assign(trail, { logGroup: trail.logGroup?.replace(/:\d{12}:/, ":999999999999:") }),
        ),
    ],
    [
      "the alarms ask for a dimension that no filter gives",
      ({ regionAlarms }) => regionAlarms.map((alarm) => Object.assign(alarm, { dimensions: { Service: "audit" } })),
    ],
    [
      "the alarms watch metrics of the same names elsewhere",
      ({ regionAlarms }) => regionAlarms.map((alarm) => Object.assign(alarm, { namespace: "Other" })),
    ],
  ])("is broken as a whole where %s", (_, change) => {
    expect(broken(change)).toEqual(watched);
  });

  it("is broken beside 3.1 where the trail that fills the log group does not record every call", () => {
    const change = ({ regionTrailEvents }: BenchmarkFacts) => {
      for (const { management } of regionTrailEvents) management.reads = false;
    };
    expect(broken(change)).toEqual(["3.1", ...watched]);
  });

  it("takes several filters for one", () => {
    const change = ({ regionLogFilters: { filters } }: BenchmarkFacts) => {
      const keys = filters.find(({ name }) => name === "key-change");
      if (!keys) throw new Error("there is none");
      keys.pattern = '{ $.eventName = "DisableKey" }';
      filters.push({ ...keys, pattern: '{ $.eventName = "ScheduleKey*" }' });
    };
    expect(broken(change)).toEqual([]);
  });
});

describe("section 5", () => {
  it.each([
    ["a port among many", { order: 1, allows: true, protocol: "6", ports: { from: 20, to: 30 } }, ["5.1"]],
    ["by UDP what is no remote desktop", { order: 1, allows: true, protocol: "17", ports: { from: 22, to: 22 } }, []],
    ["the remote desktop by UDP", { order: 1, allows: true, protocol: "17", ports: { from: 3389, to: 3389 } }, ["5.1"]],
    [
      "every protocol, whatever port it names",
      { order: 1, allows: true, protocol: "-1", ports: { from: 443, to: 443 } },
      ["5.1"],
    ],
    ["what is denied before", { order: 95, allows: true, protocol: "6", ports: { from: 22, to: 22 } }, []],
  ])("judges an access list that allows %s", (_, entry, wanted) => {
    const change = ({ regionNetworks }: BenchmarkFacts) =>
      first(first(regionNetworks).accessLists).incoming.push({ ...entry, network: "0.0.0.0/0" });
    expect(broken(change)).toEqual(wanted);
  });

  it("does not take a network whose default group was not found for a closed one", () => {
    expect(broken(({ regionNetworks }) => first(regionNetworks).groups.splice(0))).toEqual(["5.3"]);
  });
});
