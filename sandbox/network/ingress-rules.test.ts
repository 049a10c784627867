import { expect, test } from "vitest";
import { customerIngressRules } from "./ingress-rules.ts";

const chain = (name: string): string[] => {
  const body = new RegExp(`chain ${name} \\{([^}]*)\\}`).exec(customerIngressRules())?.[1] ?? "";
  return body
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
};

test("what is addressed to the node passes only from the machine to the API server", () => {
  expect(chain("input").slice(1)).toEqual([
    'iifname "eth0" ip saddr 198.18.0.1 tcp dport 6443 accept',
    'iifname "eth0" jump from-bridge',
  ]);
});

test("a given cluster's API port takes the place of the node's", () => {
  expect(customerIngressRules(40_123)).toContain("ip saddr 198.18.0.1 tcp dport 40123 accept");
  expect(customerIngressRules(40_123)).not.toContain("6443");
});

test("nothing from the bridge is forwarded to pods or Services unless it answers", () => {
  expect(chain("forward").slice(1)).toEqual(['iifname "eth0" jump from-bridge']);
});

test("from the bridge only answers pass; new TCP is counted and reset, the rest dropped", () => {
  expect(chain("from-bridge")).toEqual([
    "ct state established,related accept",
    "ct state invalid drop",
    "meta l4proto tcp counter name refused reject with tcp reset",
    "counter drop",
  ]);
});

test("both hooks run before kube-proxy's filter chains", () => {
  expect(chain("input")[0]).toBe("type filter hook input priority filter - 10; policy accept;");
  expect(chain("forward")[0]).toBe("type filter hook forward priority filter - 10; policy accept;");
});

test("loading the rules twice replaces them", () => {
  expect(customerIngressRules()).toMatch(/^table inet biplane\ndelete table inet biplane\ntable inet biplane \{/);
});
