import { expect, test } from "vitest";
import type { Properties } from "../../providers/machine/values.ts";
import { routeIn } from "./zone.ts";

const tunnels: Record<string, Properties> = {
  one: {
    config: {
      ingresses: [{ hostname: "*.apps.test", service: "http://127.0.0.1:8081" }, { service: "http_status:404" }],
    },
  },
  bare: {},
};
const zone = (records: Properties[]) => ({ list: () => records, get: (_: string, id: string) => tunnels[id] });
const wildcard = { name: "*.apps.test", content: "one.cfargotunnel.com", proxied: true };

test("a host leads where the record of all names beside it says, by the tunnel's own configuration", () => {
  const found = routeIn(zone([wildcard]), "hello.apps.test");
  expect(found).toEqual({ tunnel: "one", service: "http://127.0.0.1:8081" });
});

test.each<[string, Properties[], string]>([
  ["a host of another depth", [wildcard], "a.hello.apps.test"],
  ["another domain", [wildcard], "hello.test"],
  ["a name that is not proxied", [{ ...wildcard, proxied: false }], "hello.apps.test"],
  ["a name of something else", [{ ...wildcard, content: "198.18.0.10" }], "hello.apps.test"],
  ["a tunnel without a configuration", [{ ...wildcard, content: "bare.cfargotunnel.com" }], "hello.apps.test"],
  [
    "a host that the tunnel does not serve",
    [{ name: "x.test", content: "one.cfargotunnel.com", proxied: true }],
    "x.test",
  ],
])("%s leads nowhere", (_what, records, host) => {
  expect(routeIn(zone(records), host)).toBeUndefined();
});
