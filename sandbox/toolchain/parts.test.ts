import { expect, test } from "vitest";
import { extendedParts } from "./extended.ts";
import { parts } from "./parts.ts";

test("what `up --with` takes are the extended parts, each and no other", () => {
  expect([...extendedParts]).toEqual(parts.filter(({ tier }) => tier === "extended").map(({ id }) => id));
});
