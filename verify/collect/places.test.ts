import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runs } from "../reason/testing/runs.ts";
import { type ListPlaces, placesIn } from "./places.ts";

/** As a store lists: in order, so many at a time, each prefix once. */
function store(keys: readonly string[], pageSize = 1000) {
  const asked: string[] = [];
  const list: ListPlaces = async (prefix, next = "") => {
    asked.push(prefix);
    const here = [...keys].sort().filter((key) => key.startsWith(prefix));
    const entries = here.map((key) => prefix + /^[^/]*\/?/.exec(key.slice(prefix.length))?.[0]);
    const distinct = [...new Set(entries)].filter((entry) => entry > next);
    const page = distinct.slice(0, pageSize);
    const isPrefix = (entry: string) => entry !== prefix && entry.endsWith("/");
    return {
      objects: page.filter((entry) => !isPrefix(entry)),
      prefixes: page.filter(isPrefix),
      next: distinct.length > page.length ? page.at(-1) : "",
    };
  };
  return { list, asked };
}

const known = ["acme/demo/development/", "acme/demo/production/", "acme/ops/production/"];

describe("what lies in a bucket", () => {
  it("is told by first levels, however much lies beneath, and nothing is asked there", async () => {
    const many = Array.from({ length: 5000 }, (_, at) => `acme/demo/development/r${at}/a0/outputs.pb`);
    const { list, asked } = store([...many, "acme/ops/production/x"]);
    expect(await placesIn(list, known)).toEqual({
      told: ["acme/demo/development/", "acme/ops/production/"],
      cut: false,
    });
    expect(asked.sort()).toEqual(["", "acme/", "acme/demo/", "acme/ops/"]);
  });

  it.each([
    ["an object beside all prefixes", "zzz", "zzz"],
    ["another organisation", "globex/demo/development/x", "globex/"],
    ["one that sorts after all else", "~/x", "~/"],
    ["an organisation whose name goes on", "acme2/demo/development/x", "acme2/"],
    ["an object of the organisation", "acme/report", "acme/report"],
    ["another project", "acme/other/development/x", "acme/other/"],
    ["another domain", "acme/demo/staging/x", "acme/demo/staging/"],
    ["a domain whose name goes on", "acme/demo/development2/x", "acme/demo/development2/"],
    ["an object by the name of a prefix", "acme/demo/development", "acme/demo/development"],
    ["an object by the name of what is gone through", "acme/", "acme/"],
    ["a name that begins with a slash", "/acme/demo/development/x", "/"],
  ])("tells %s", async (_, key, told) => {
    const keys = ["acme/demo/development/a", "acme/ops/production/b", key];
    for (const size of [1, 2, 1000]) {
      const places = await placesIn(store(keys, size).list, known);
      expect(places.told.filter((place) => !known.includes(place))).toEqual([told]);
    }
  });

  it("is told whole by any page size: each key lies in a place that was told", async () => {
    const key = fc.array(fc.constantFrom("acme", "demo", "ops", "development", "production", "x", ""), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), async (parts, size) => {
        const keys = parts.map((part) => part.join("/")).filter((name) => name !== "");
        const { told, cut } = await placesIn(store(keys, size).list, known);
        expect(cut).toBe(false);
        const holds = (place: string, name: string) =>
          name === place || (place.endsWith("/") && name.startsWith(place) && !keys.includes(place));
        for (const name of keys) expect(told.some((place) => holds(place, name) || name.startsWith(place))).toBe(true);
        expect(told.filter((place) => !keys.some((name) => name.startsWith(place)))).toEqual([]);
      }),
      runs(100),
    );
  });

  it("ends where strays do not, and says so", async () => {
    const strays = Array.from({ length: 9000 }, (_, at) => `stray-${at}`);
    const { list, asked } = store(strays);
    const { told, cut } = await placesIn(list, known);
    expect({ cut, told: told.length, calls: asked.length }).toEqual({ cut: true, told: 3000, calls: 3 });
    expect((await placesIn(store(strays.slice(0, 3000)).list, known)).cut).toBe(false);
  });

  it("is not told where pages say nothing and do not end, or one is refused", async () => {
    await expect(placesIn(async () => ({ objects: [], prefixes: [], next: "on" }), known)).rejects.toThrow(
      'the pages of what lies beneath "" do not end',
    );
    const refused: ListPlaces = async (prefix, next) => {
      if (next) throw new Error("503");
      return { objects: [], prefixes: prefix === "" ? ["acme/"] : [], next: prefix === "" ? "" : "on" };
    };
    await expect(placesIn(refused, known)).rejects.toThrow("503");
  });

  it("is every first level where nothing is known of a plane's", async () => {
    expect(await placesIn(store(["a/b/c", "d"]).list, [])).toEqual({ told: ["d", "a/"], cut: false });
  });
});
