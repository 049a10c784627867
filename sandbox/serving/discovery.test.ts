import { beforeEach, expect, test } from "vitest";
import { Discovery } from "./discovery.ts";
import type { Routing } from "./routes.ts";

interface Answer {
  version_info: string;
  resources: { name: string }[];
}

const routing = (...names: string[]): Routing => ({
  clusters: names.map((name) => ({ name })),
  routes: { public: { name: "public", to: names }, internal: { name: "internal" } },
  listeners: [{ name: "public" }],
});
let now = 0;
let discovery: Discovery;
let held: Record<string, string>;
beforeEach(() => {
  now = 1_000_000;
  discovery = new Discovery(() => now);
  held = {};
});

/** One round of a gateway's questions, in the order that Envoy asks in; it takes what it is told. */
function poll(kinds = ["clusters", "listeners", "public", "internal"]): Record<string, string[]> {
  const told: Record<string, string[]> = {};
  for (const name of kinds) {
    const isRoute = name === "public" || name === "internal";
    const body = { versionInfo: held[name] ?? "", ...(isRoute ? { resourceNames: [name] } : {}) };
    const answer = discovery.answer(isRoute ? "routes" : name, "10.0.0.1", body) as Answer | undefined;
    if (!answer) continue;
    held[name] = answer.version_info;
    told[name] = answer.resources.map((resource) => resource.name);
  }
  return told;
}

test("a gateway is told all once, and nothing is in effect before it has said that it holds it", () => {
  expect(discovery.inEffect()).toBe(false);
  discovery.tell(routing("one"));
  expect(poll()).toMatchObject({ clusters: ["one"], listeners: ["public"] });
  expect(discovery.inEffect()).toBe(false);
  poll();
  poll();
  expect(poll()).toEqual({});
  expect(discovery.inEffect()).toBe(true);
});

test("routes are told only to a gateway that holds the clusters that they lead to", () => {
  discovery.tell(routing("one"));
  for (let round = 0; round < 3; round += 1) poll();
  discovery.tell(routing("one", "two"));
  // Its routes are older than the clusters that it is about to be told.
  expect(poll(["public"])).toEqual({});
  poll(["clusters"]);
  expect(poll(["public"])).toEqual({});
  poll(["clusters"]);
  expect(poll(["public"])).toEqual({ public: ["public"] });
});

test("a cluster that no route leads to stays a while", () => {
  discovery.tell(routing("one"));
  poll();
  discovery.tell(routing("two"));
  expect(poll().clusters).toEqual(["two", "one"]);
  now += 31_000;
  expect(poll().clusters).toEqual(["two"]);
});

test("a gateway that asks no more counts no more", () => {
  discovery.tell(routing("one"));
  for (let round = 0; round < 3; round += 1) poll();
  expect(discovery.inEffect()).toBe(true);
  now += 6_000;
  expect(discovery.inEffect()).toBe(false);
});

test("what no gateway asks for is refused", () => {
  expect(() => discovery.answer("secrets", "10.0.0.1", {})).toThrow(/no gateway asks for secrets/);
});
