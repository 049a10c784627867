import { describe, expect, it } from "vitest";
import type { DnsRecord, Ingress } from "./desired.ts";
import { planRepairs } from "./plan.ts";
import { desired, right, rightIngress } from "./testing/tunnels.ts";

const plan = (records: DnsRecord[], ingress: Ingress[] = rightIngress) => planRepairs(desired, { ingress, records });
const { id: _, ...record } = right;
const change = { what: "record", step: "change", id: "r1", record };
const create = { what: "record", step: "create", record };
const remove = (id: string) => ({ what: "record", step: "remove", id });
const other = (changes: Partial<DnsRecord>): DnsRecord => ({ ...right, id: "r2", ...changes });

describe("what is as the stack says", () => {
  it.each<[string, DnsRecord[], Ingress[]]>([
    ["as it was made", [right], rightIngress],
    ["in capitals", [{ ...right, content: right.content.toUpperCase() }], rightIngress],
    [
      "with the last rule's host written out",
      [right],
      [{ ...rightIngress[0], path: "" } as Ingress, { hostname: "*", service: "http_status:404" }],
    ],
    ["beside what says nothing of where the host is", [right, other({ type: "TXT", content: "v=1" })], rightIngress],
  ])("%s needs nothing", (_what, records, ingress) => {
    expect(plan(records, ingress)).toEqual([]);
  });
});

describe("the record", () => {
  it.each<[string, DnsRecord[], unknown[]]>([
    ["that is gone is made", [], [create]],
    ["that leads elsewhere is changed, under its id", [{ ...right, content: "elsewhere.example.com" }], [change]],
    ["that leads past the edge is changed", [{ ...right, proxied: false }], [change]],
    [
      "that an address stands for is made in its place",
      [other({ type: "A", content: "198.51.100.7" })],
      [remove("r2"), create],
    ],
    [
      "is left alone where a second one stands beside it, which goes",
      [other({ content: "x.example.com" }), right],
      [remove("r2")],
    ],
    [
      "is made right before a second wrong one",
      [{ ...right, proxied: false }, other({ content: "x.example.com" })],
      [remove("r2"), change],
    ],
    ["is not mistaken for one that only says so in words", [other({ type: "TXT", content: right.content })], [create]],
    [
      "is made although a delegation of its name goes",
      [other({ type: "NS", content: "ns.example.com" })],
      [remove("r2"), create],
    ],
  ])("%s", (_what, records, wanted) => {
    expect(plan(records)).toEqual(wanted.map((one) => expect.objectContaining(one as object)));
  });

  it("of another name is never touched, whatever it says", () => {
    const foreign = ["apps.acme.example.com", "x.apps.acme.example.com", "*.acme.example.com", "example.com"].flatMap(
      (name) =>
        ["A", "CNAME", "NS"].map((type) => other({ id: `${name}-${type}`, name, type, content: right.content })),
    );
    expect(plan([right, ...foreign])).toEqual([]);
    expect(plan(foreign)).toEqual([expect.objectContaining(create)]);
  });
});

describe("the route", () => {
  const route = { what: "route", ingress: rightIngress };
  it.each<[string, Ingress[]]>([
    ["is none", []],
    [
      "leads elsewhere",
      [{ hostname: desired.host, service: "http://169.254.169.254" }, { service: "http_status:404" }],
    ],
    [
      "is of another host",
      [{ hostname: "other.example.com", service: desired.service }, { service: "http_status:404" }],
    ],
    [
      "is of one path alone",
      [{ hostname: desired.host, path: "/x", service: desired.service }, { service: "http_status:404" }],
    ],
    ["is for every host", [{ service: desired.service }]],
    ["has another before it", [{ hostname: "x.example.com", service: "http://10.0.0.1" }, ...rightIngress]],
    ["ends in something else than 404", [...rightIngress.slice(0, 1), { service: "http://10.0.0.1" }]],
  ])("%s: the stack's own is put", (_what, ingress) => {
    expect(plan([right], ingress)).toEqual([expect.objectContaining(route)]);
  });

  it("comes before the record that leads to it", () => {
    expect(plan([], []).map(({ what }) => what)).toEqual(["route", "record"]);
  });
});
