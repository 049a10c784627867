import { describe, expect, it } from "vitest";
import { ask, everybody, from, lets, policy } from "../testing/network.ts";

describe("what is wrong is refused with its place", () => {
  it.each<[object, RegExp]>([
    [lets({ ports: [{ port: "80" }] }), /ports\.0\.port is "80"; allowed: a number from 1 to 65535, or a name with/],
    [from({}), /NetworkPolicy b\/p spec: ingress\.0\.from\.0 is \{.*\}; allowed: either an ipBlock, or a podSelector/],
    [
      from({ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }),
      /from\.0 is \{.*"10\.0\.0\.0\/8".*\}; allowed: either an ipBlock, or/,
    ],
    [lets({ form: [] }), /ingress\.0.*form/],
    [policy("b/p", { podSelector: { app: "server" } }), /podSelector.*app/],
    [from({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/8"] } }), /allowed: exceptions that lie within the cidr/],
    [
      from({ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }),
      /allowed: exceptions that lie within the cidr/,
    ],
    [
      lets({ ports: [{ port: "HTTP" }] }),
      /ports\.0\.port is "HTTP"; allowed: a number from 1 to 65535, or a name with/,
    ],
    [lets({ ports: [{ port: "a--b" }] }), /ports\.0\.port is "a--b"; allowed: a number from 1 to 65535, or a name/],
    [
      policy("b/p", { podSelector: { matchExpressions: [{ key: "a", operator: "Exists", value: "x" }] } }),
      /matchExpressions.*value/,
    ],
    [from({ ipBlock: { cidr: "10.0.0.0/33" } }), /cidr is "10\.0\.0\.0\/33"; allowed: an address block/],
    [lets({ ports: [{ port: 0 }] }), /ports\.0\.port is 0; allowed: a port from 1 to 65535/],
    [lets({ ports: [{ port: "http", endPort: 90 }] }), /allowed: an endPort only with a port that is a number/],
    [policy("b/p", { policyTypes: ["ingress"] }), /policyTypes\.0 is "ingress"; allowed: Ingress or Egress/],
    [
      policy("b/p", { podSelector: { matchExpressions: [{ key: "a", operator: "In" }] } }),
      /allowed: values with In and NotIn/,
    ],
  ])("%j", (object, message) => {
    expect(() => ask([...everybody, object])).toThrow(message);
  });

  it.each<[object, RegExp]>([
    ...["", "server", "b/", "b/deployment/server", "10.0.0.256", "10.0.0.0/8"].map((from): [object, RegExp] => [
      { from },
      /NAMESPACE\/POD/,
    ]),
    [{ port: 70000 }, /a number from 1 to 65535/],
    [{ port: "0" }, /a number from 1 to 65535, or the name of a container's port/],
    [{ port: "" }, /a number from 1 to 65535, or the name of a container's port/],
    [{ protocol: "tcp" }, /one of TCP, UDP, SCTP/],
  ])("a question with %j", (query, message) => {
    expect(() => ask(everybody, query)).toThrow(message);
  });
});
