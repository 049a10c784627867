import { expect, test } from "vitest";
import { otherReplicas } from "./peers.ts";

test("others are called by their addresses as the name is, and oneself is none of them", async () => {
  expect(await otherReplicas("https://localhost:8080")).toEqual([]);
  expect(await otherReplicas("https://192.0.2.7:8080")).toEqual(["https://192.0.2.7:8080"]);
  expect(await otherReplicas("http://192.0.2.7:81")).toEqual(["http://192.0.2.7:81"]);
});
