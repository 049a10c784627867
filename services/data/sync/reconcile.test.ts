import { describe, expect, it } from "vitest";
import type { Manifest } from "../../../components/compute-plane/project-plan.ts";
import { differences } from "./differences.ts";
import { type LiveObject, NotOursError, titleOf } from "./objects.ts";
import { reconcile } from "./reconcile.ts";
import { planOf, type Settings, standingOf } from "./settings.ts";
import { fakeObjects } from "./testing/fake-objects.ts";

const space = { project: "demo", domain: "development", roleArn: "arn:user" };
const settings: Settings = {
  org: "acme",
  platform: "union",
  dnsServers: [],
  egress: "open-443",
  projects: [space],
};
const plan = (standing: "active" | "parked" = "active") => planOf(space, standing, settings, "key");
const nothing = { made: [], putRight: [], foreign: [], ending: false };

describe("a project-domain", () => {
  it("is made whole, namespace first, and then only its Secret is written again", async () => {
    const objects = fakeObjects();
    const { made } = await reconcile(plan(), "active", objects);
    expect(objects.writes[0]).toBe("apply Namespace demo-development");
    expect(made).toHaveLength(13);
    expect(objects.live.size).toBe(14);
    objects.writes.length = 0;
    expect(await reconcile(plan(), "active", objects)).toEqual(nothing);
    expect(objects.writes).toEqual(["apply Secret demo-development/eager-api-key"]);
  });

  it("is not made while its project is away, and kept with no room for pods when the project goes", async () => {
    const objects = fakeObjects();
    expect(await reconcile(plan("parked"), "parked", objects)).toEqual(nothing);
    expect(objects.writes).toEqual([]);
    await reconcile(plan(), "active", objects);
    const { putRight } = await reconcile(plan("parked"), "parked", objects);
    expect(putRight).toEqual(["ResourceQuota demo-development/quota"]);
    expect(objects.live.size).toBe(14);
  });

  it("of another is not written to, whatever is missing in it", async () => {
    const objects = fakeObjects();
    const [namespace] = plan();
    if (!namespace) throw new Error("a plan begins with its namespace");
    const theirs = { ...namespace, metadata: { ...namespace.metadata, resourceVersion: "7" } };
    objects.live.set(titleOf(namespace), theirs);
    const { foreign } = await reconcile(plan(), "active", objects);
    expect(foreign).toEqual(["Namespace demo-development"]);
    expect(objects.writes).toEqual([]);
    expect([...objects.live.values()]).toEqual([theirs]);
  });

  it("that another made between look and write is the other's, by the fence's word", async () => {
    const objects = fakeObjects();
    objects.fail.set("Namespace demo-development", new NotOursError("refused"));
    expect(await reconcile(plan(), "active", objects)).toEqual({ ...nothing, foreign: ["Namespace demo-development"] });
    expect(objects.writes).toEqual(["apply Namespace demo-development"]);
  });

  it("is left half made by a failure, which is told, and made whole at the next look", async () => {
    const objects = fakeObjects();
    objects.fail.set("LimitRange demo-development/defaults", new Error("the API server answered 500"));
    await expect(reconcile(plan(), "active", objects)).rejects.toThrow("answered 500");
    objects.fail.clear();
    const { made } = await reconcile(plan(), "active", objects);
    expect(made).toContain("LimitRange demo-development/defaults");
    expect(objects.live.size).toBe(14);
  });

  it.each(["Namespace demo-development", "LimitRange demo-development/defaults"])(
    "is not written to where something ends, %s, and that is told",
    async (title) => {
      const objects = fakeObjects();
      await reconcile(plan(), "active", objects);
      const ending = objects.live.get(title);
      if (!ending) throw new Error("it was made");
      // Whoever made it: what ends is in nobody's way for long.
      ending.metadata = { ...ending.metadata, labels: {}, deletionTimestamp: "2026-01-01T00:00:00Z" };
      objects.writes.length = 0;
      expect(await reconcile(plan(), "active", objects)).toEqual({ ...nothing, ending: true });
      expect(objects.writes.filter((write) => !write.includes("Secret"))).toEqual([]);
    },
  );

  it("takes over the account that Kubernetes made by itself", async () => {
    const objects = fakeObjects();
    const metadata = { name: "default", namespace: "demo-development", resourceVersion: "1" };
    const bare = { apiVersion: "v1", kind: "ServiceAccount", metadata };
    objects.live.set(titleOf(bare), bare);
    const { putRight, foreign } = await reconcile(plan(), "active", objects);
    expect([putRight, foreign]).toEqual([["ServiceAccount demo-development/default"], []]);
    expect(objects.live.get(titleOf(bare))).toMatchObject({ automountServiceAccountToken: false });
  });
});

describe("whether a project-domain is served", () => {
  const known = (change: object) => [{ id: "demo", domains: ["development"], archived: false, ...change }];
  it.each([
    ["active", "as the region has it", known({})],
    ["parked", "archived", known({ archived: true })],
    ["parked", "without the domain", known({ domains: ["production"] })],
    ["parked", "gone from the list", known({ id: "demo2" })],
  ] as const)("is %s when its project is %s", (standing, _, projects) => {
    expect(standingOf(space, projects)).toBe(standing);
  });
});

describe("the way back to the plan", () => {
  const planned = (spec: object): Manifest => ({ apiVersion: "v1", kind: "X", metadata: { name: "x" }, spec });
  const live = (spec: object, more: object = {}): LiveObject => ({
    ...planned(spec),
    metadata: { name: "x", resourceVersion: "1", ...more },
    status: { any: 1 },
  });

  it.each<[string, object, object, object | undefined]>([
    ["nothing for what is equal", { a: { b: [1] } }, { a: { b: [1] } }, undefined],
    ["a value that changed", { a: 1, b: 2 }, { a: 9, b: 2 }, { spec: { a: 1 } }],
    ["a field that went", { a: 1, b: 2 }, { a: 1 }, { spec: { b: 2 } }],
    ["a field that came", { a: {} }, { a: { x: 1 }, y: [] }, { spec: { y: null, a: { x: null } } }],
    ["a list, whole", { a: [{ b: 1 }] }, { a: [{ b: 1 }, { c: 1 }] }, { spec: { a: [{ b: 1 }] } }],
  ])("is %s", (_, wanted, found, change) => {
    expect(differences(planned(wanted), live(found))).toEqual(change);
  });

  it("leaves others' labels beside ours", () => {
    const wanted = { ...planned({}), metadata: { name: "x", labels: { ours: "1" } } };
    expect(differences(wanted, live({}, { labels: { ours: "2", theirs: "3" } }))).toEqual({
      metadata: { labels: { ours: "1" } },
    });
    expect(differences(wanted, live({}, { labels: { ours: "1", theirs: "3" } }))).toBeUndefined();
  });
});
