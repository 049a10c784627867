import { describe, expect, it } from "vitest";
import { eventsOf } from "../cloud/azure/activity.ts";
import { answerRead } from "./index.ts";

const kind = "Microsoft.ManagedIdentity/userAssignedIdentities";
const subscription = "/subscriptions/s";
const idOf = (name: string, of = subscription) => `${of}/resourceGroups/g/providers/${kind}/${name}`;
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const made = (name: string, at: Date) => eventsOf({ id: idOf(name), kind, verb: "write", status: 201 }, undefined, at);

function ask(
  path: string,
  query: Record<string, string>,
  activity = [...made("b", minutesAgo(1)), ...made("a", minutesAgo(9))],
) {
  const identity = { type: "azure-native:managedidentity:UserAssignedIdentity", inputs: {} };
  const outputs = (name: string) => ({ name, type: kind });
  const kept = {
    [idOf("a")]: { ...identity, outputs: outputs("a"), madeAt: "2026-01-01T00:00:00.000Z" },
    [idOf("b")]: { ...identity, outputs: outputs("b") },
    [idOf("gone")]: { ...identity, outputs: outputs("gone"), destroyed: true as const },
    [idOf("c", "/subscriptions/other")]: { ...identity, outputs: outputs("c") },
    [`${subscription}/resourceGroups/g`]: {
      type: "g",
      inputs: {},
      outputs: { type: "Microsoft.Resources/resourceGroups" },
    },
  };
  const url = `${path}?${new URLSearchParams(query)}`;
  return answerRead({ method: "GET", url }, { kept, activity: () => activity }) as {
    status: number;
    body: {
      value: { id: string; createdTime?: string; resourceId?: string }[];
      nextLink?: string;
      error?: { message: string };
    };
  };
}

const values = `${subscription}/providers/Microsoft.Insights/eventtypes/management/values`;
const filter = (name: string, from = minutesAgo(20), to = minutesAgo(0)) =>
  `eventTimestamp ge '${from.toISOString()}' and eventTimestamp le '${to.toISOString()}' and resourceUri eq '${idOf(name)}'`;

describe("the activity log of a kept subscription", () => {
  it("tells of one resource within the time that was asked for", () => {
    const of = (...args: Parameters<typeof filter>) =>
      ask(values, { $filter: filter(...args) }).body.value.map(({ resourceId }) => resourceId);
    expect(of("A")).toEqual([idOf("a"), idOf("a")]);
    expect(of("a", minutesAgo(5))).toEqual([]);
    expect(of("a", minutesAgo(20), minutesAgo(10))).toEqual([]);
  });

  it("has pages that meet", () => {
    const many = Array.from({ length: 60 }, () => made("a", minutesAgo(2))).flat();
    const first = ask(values, { $filter: filter("a") }, many).body;
    const { searchParams } = new URL(first.nextLink ?? "");
    const second = ask(values, Object.fromEntries(searchParams), many).body;
    expect([first.value.length, second.value.length, second.nextLink]).toEqual([100, 20, undefined]);
  });

  it("refuses what Azure refuses: no filter, another form of it, and a time before the log begins", () => {
    for (const $filter of ["", filter("a").replace("resourceUri", "caller"), filter("a", minutesAgo(91 * 24 * 60))])
      expect(ask(values, { $filter }).status, $filter).toBe(400);
  });
});

describe("the list of resources", () => {
  it("tells those of a kind, and when they were made where that is known and asked for", () => {
    const $filter = `resourceType eq '${kind}'`;
    const list = (query: Record<string, string>) => ask(`${subscription}/resources`, query).body.value;
    expect(list({ $filter, $expand: "createdTime" }).map(({ id, createdTime }) => [id, createdTime])).toEqual([
      [idOf("a"), "2026-01-01T00:00:00.000Z"],
      [idOf("b"), undefined],
    ]);
    expect(list({ $filter })[0]).not.toHaveProperty("createdTime");
    expect(ask(`${subscription}/resources`, {}).status).toBe(400);
  });
});
