import { describe, expect, it } from "vitest";
import { goodTarget } from "../testing/good-plane.ts";
import { judgeLayout, strayOf } from "./object-places.ts";

const own = "acme/demo/development/";
const judge = (told: string[], cut = false) =>
  judgeLayout({ told, cut }, goodTarget, { bucket: "b", urlOf: (place) => `b:${place}` }).map(
    ({ subject, ok }) => `${ok ? "" : "not "}${subject}`,
  );

describe("the layout of a bucket", () => {
  it("passes on the projects' own places alone", () => {
    expect(judge([own])).toEqual(["b"]);
  });

  it("names every stray, and no more; what is only seen in part passes by nothing", () => {
    expect(judge(["x", own, "acme/", "acme/demo/development2/"])).toEqual([
      ...["not b:x", "not b:acme/", "not b:acme/demo/development2/"],
    ]);
    expect(judge([own], true)).toEqual(["not b"]);
    expect(judge(["x"], true)).toEqual(["not b:x", "not b"]);
  });

  it("of an empty bucket is not told", () => {
    expect(judge([])).toEqual([]);
    expect(judge([], true)).toEqual(["not b"]);
  });

  it("has a first stray", () => {
    expect(strayOf({ told: [own, "x", "y"], cut: false }, [own])).toBe("x");
    expect(strayOf({ told: [own], cut: false }, [own])).toBeUndefined();
  });
});
