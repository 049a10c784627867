import { expect, it } from "vitest";
import { scanConfigMap, scanSecret } from "./scan.ts";

const key = `AKIA${"A".repeat(16)}`;
const sealed = Buffer.from(key).toString("base64");
const metadata = { namespace: "union", name: "settings" };
const found = [{ key: "innocent", looksLike: "an AWS access key id" }];

it.each([
  ["a Secret's values", scanSecret({ metadata, data: { innocent: sealed } } as object)],
  ["a ConfigMap's text", scanConfigMap({ metadata, data: { innocent: key } } as object)],
  ["a ConfigMap's bytes", scanConfigMap({ metadata, binaryData: { innocent: sealed } } as object)],
])("finds a key in %s, and keeps none of it", (_, scanned) => {
  expect(scanned.suspicious).toEqual(found);
  expect(JSON.stringify(scanned)).not.toContain(key);
});
