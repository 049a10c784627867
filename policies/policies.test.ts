import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LogShipper } from "../components/logs/shipper.ts";
import { type Recorded, recordResources } from "../components/testing/record-resources.ts";
import { IsolatedNamespace } from "../components/workloads/namespace.ts";
import { findClaim } from "../verify/claims/ledger.ts";
import type { Rule, Seen, StackRule } from "./rule.ts";
import { rules, stackRules } from "./rules.ts";
import { programs } from "./testing/programs.ts";

const all: (Rule | StackRule)[] = [...rules, ...stackRules];

/** Mocks are not told what is protected: here everything is, as `dataProtection: on` makes what holds data. */
const seenIn = ({ all }: Recorded): Seen[] =>
  all.map(({ type, name, inputs }) => ({ type, name, urn: `${type}::${name}`, inputs, protect: true }));

function judge(rule: Rule | StackRule, resources: Seen[]): string[] {
  if (!("types" in rule)) return rule.judge(resources).map(({ words }) => words);
  return resources.filter(({ type }) => rule.types.includes(type)).flatMap((seen) => rule.judge(seen.inputs, seen));
}

describe.each(all)("$name", (rule) => {
  const pair = programs[rule.name];

  it("refuses the bad program for one reason, and lets the good one pass", async () => {
    if (!pair) throw new Error(`testing/ has no programs for ${rule.name}`);
    expect(judge(rule, seenIn(await recordResources(pair.bad)))).not.toEqual([]);
    expect(judge(rule, seenIn(await recordResources(pair.good)))).toEqual([]);
  });

  it("names claims of the ledger", () => {
    for (const id of rule.controls) expect(findClaim(id), id).toBeDefined();
  });
});

describe("what is not protected", () => {
  it("may be as short-lived as its stack says: backups, two zones and its last snapshot are not asked of it", async () => {
    const bad = programs["database-outlives-failures"]?.bad ?? (() => undefined);
    const [database] = seenIn(await recordResources(bad));
    const rule = rules.find(({ name }) => name === "database-outlives-failures");
    expect(rule?.judge(database?.inputs ?? {}, { type: "", name: "", protect: true })).not.toEqual([]);
    expect(rule?.judge(database?.inputs ?? {}, { type: "", name: "", protect: false })).toEqual([]);
  });
});

describe("the log shipper, the one exception", () => {
  const shipped = (spoil: (pod: PodSpec) => void = () => undefined) =>
    recordResources(() => {
      const made = new LogShipper("logs", {
        ...{
          org: "acme",
          region: "us-east-2",
          logGroup: "/biplane/acme/main",
          projectNamespaces: ["demo-development"],
        },
        ...{ shipper: "fluent-bit", image: `registry.test/fluent-bit@sha256:${"0".repeat(64)}` },
        ...{ roleArn: "arn:shipper", dnsServers: [] },
      });
      return made;
    }).then((recorded) => {
      for (const { type, inputs } of recorded.all) {
        if (type === daemonSet) spoil((inputs.spec as { template: { spec: PodSpec } }).template.spec);
      }
      return seenIn(recorded).flatMap((seen) => rules.flatMap((rule) => judge(rule, [seen])));
    });
  const daemonSet = "kubernetes:apps/v1:DaemonSet";
  interface PodSpec {
    hostNetwork?: boolean;
    volumes: { hostPath?: { path: string } }[];
    containers: { securityContext: object; volumeMounts: { readOnly?: boolean }[] }[];
  }

  it("passes as it is made", async () => expect(await shipped()).toEqual([]));

  it.each<[string, (pod: PodSpec) => void, RegExp]>([
    ["shares the node's network", (pod) => Object.assign(pod, { hostNetwork: true }), /hostNetwork is on/],
    ["mounts another folder", (pod) => pod.volumes.push({ hostPath: { path: "/etc" } }), /is a path of the host/],
    [
      "could write the nodes' logs",
      ({ containers }) => {
        for (const mount of containers[0]?.volumeMounts ?? []) mount.readOnly = false;
      },
      /could write \/var\/log\/pods/,
    ],
    [
      "keeps a capability",
      ({ containers }) => {
        const capabilities = { drop: ["ALL"], add: ["DAC_READ_SEARCH"] };
        Object.assign(containers[0]?.securityContext ?? {}, { capabilities });
      },
      /capability DAC_READ_SEARCH/,
    ],
  ])("is refused once it %s", async (_, spoil, words) => {
    expect(await shipped(spoil)).toEqual([expect.stringMatching(words)]);
  });

  it("has a namespace that is whole but for its level, and no other namespace has that level", async () => {
    const rule = stackRules.find(({ name }) => name === "namespace-is-whole");
    const made = seenIn(
      await recordResources(() => {
        new IsolatedNamespace("one", {
          ...{ namespace: "union-logs", isException: true, quota: { pods: "1" }, dnsServers: [] },
          defaults: { request: { cpu: "1", memory: "1" }, limit: { cpu: "1", memory: "1" } },
        });
      }),
    );
    expect(rule?.judge(made)).toEqual([]);
    for (const { type, inputs } of made) {
      if (type.endsWith(":Namespace")) Object.assign(inputs.metadata as object, { name: "demo-development" });
    }
    expect(rule?.judge(made).map(({ words }) => words)).toContain("pod-security.kubernetes.io/enforce is privileged");
  });
});

describe("the pack", () => {
  it("holds each rule once, and has programs for no other", () => {
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(programs).sort()).toEqual(names.sort());
  });

  it("bears the platform's version", () => {
    const version = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")).version;
    expect(version("package.json")).toBe(version("../package.json"));
  });
});
