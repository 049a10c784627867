import { expect, test } from "vitest";
import { withoutOthers } from "./ec2-regions.ts";

test("of all regions those are told that the local accounts use", () => {
  const item = (name: string) =>
    `<item>\n  <regionName>${name}</regionName>\n  <regionEndpoint>ec2.${name}.amazonaws.com</regionEndpoint>\n</item>`;
  const answer = (...names: string[]) => `<regionInfo>${names.map(item).join("")}</regionInfo>`;
  expect(withoutOthers(answer("af-south-1", "us-east-2", "us-east-1", "us-west-2", "us-west-1"))).toBe(
    answer("us-east-2", "us-west-2"),
  );
});
