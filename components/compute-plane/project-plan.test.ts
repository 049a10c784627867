import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import type { Egress } from "../workloads/egress.ts";
import { ProjectNamespace } from "./project-namespace.ts";
import { manifestsOf, planProject } from "./project-plan.ts";

const space = { project: "demo", domain: "development" };
const values = { platform: "union", identity: "arn:user", apiKey: "a2V5" };
const narrow: Egress = { cloudflareRanges: true, endpoints: ["10.40.0.0/16"] };

/** What the stack registers, without what names a resource to Pulumi. */
async function madeByStack(egress?: Egress) {
  const { all } = await recordResources(
    () =>
      new ProjectNamespace("it", {
        ...space,
        org: "acme",
        identity: pulumi.output(values.identity),
        apiKey: pulumi.output(values.apiKey),
        platform: pulumi.output(values.platform),
        dnsServers: ["169.254.20.10/32"],
        egress,
      }),
  );
  return all.filter(({ type }) => type.startsWith("kubernetes:")).map(({ inputs }) => plain(inputs));
}

/** The engine wraps what is secret; what is in it counts here. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, part: unknown) => {
    const isSecret = typeof part === "object" && part !== null && secretSign in part && "value" in part;
    return isSecret ? part.value : part;
  });
const secretSign = "4dabf18193072939515e22adb298388d";
const sorted = (objects: unknown[]) =>
  objects.map((object) => [idOf(object), object] as const).sort(([a], [b]) => (a < b ? -1 : 1));
const idOf = (object: unknown) => {
  const { kind, metadata } = object as { kind: string; metadata: { name: string } };
  return `${kind}/${metadata.name}`;
};

describe("a project-domain's plan", () => {
  it.each<[string, Egress | undefined]>([
    ["TLS to everywhere", undefined],
    ["a narrow egress", narrow],
  ])("is exactly what the stack makes, with %s", async (_, egress) => {
    const settings = { org: "acme", dnsServers: ["169.254.20.10/32"], egress };
    const planned = manifestsOf(planProject(space, settings), values).map(plain);
    const made = await madeByStack(egress);
    expect(planned).toHaveLength(14);
    expect(sorted(planned)).toEqual(sorted(made));
  });

  it("begins with the namespace and gives rights last", () => {
    const kinds = manifestsOf(planProject(space, { org: "acme", dnsServers: [] }), values).map(({ kind }) => kind);
    expect(kinds[0]).toBe("Namespace");
    const walls = kinds.lastIndexOf("NetworkPolicy");
    expect(kinds.indexOf("Role")).toBeGreaterThan(
      Math.max(walls, kinds.indexOf("LimitRange"), kinds.indexOf("Secret")),
    );
  });

  it("changes nothing for a project that takes no work any more but the number of its pods", () => {
    const settings = { org: "acme", dnsServers: [] };
    const [active, parked] = [false, true].map((is) => manifestsOf(planProject(space, settings, is), values));
    const changed = (active ?? []).filter((object, at) => JSON.stringify(object) !== JSON.stringify(parked?.[at]));
    expect(changed.map(idOf)).toEqual(["ResourceQuota/quota"]);
    expect(parked?.[1]).toMatchObject({ spec: { hard: { pods: "0", "requests.cpu": "256" } } });
  });
});
