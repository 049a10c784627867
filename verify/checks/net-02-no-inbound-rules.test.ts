import { describe, expect, it } from "vitest";
import type { NetworkFact } from "../facts-account.ts";
import { goodFacts, goodTarget, goodTargets } from "../testing/good-plane.ts";
import { noInboundRules } from "./net-02-no-inbound-rules.ts";

const group = (id: string, ...sources: string[]) => ({
  ...{ id, name: id },
  ingress: sources.length > 0 ? [{ protocol: "tcp", ports: "443", sources }] : [],
});
const own = (id: string) => `${goodTarget.account}/${id}`;

/** What is said of one opening, and of nothing else. @param admitted by the cluster's own group */
function judge(opening: { groupIds: string[] }, groups: NetworkFact["securityGroups"], ...admitted: string[]) {
  const facts = goodFacts();
  const [cluster] = facts.network.securityGroups;
  cluster?.ingress.push({ protocol: "tcp", ports: "8080", sources: admitted });
  facts.network.securityGroups.push(...groups);
  facts.network.openings.push({ name: "front", address: "203.0.113.9", ...opening });
  const findings = noInboundRules.evaluate(facts, goodTargets);
  const [found] = findings.filter(({ subject }) => subject === "front");
  return { whole: findings.every(({ ok }) => ok), told: found?.evidence };
}

describe("what the internet finds in the cluster's network", () => {
  const open = group("sg-open", "0.0.0.0/0");
  const office = group("sg-open", "198.51.100.0/24");
  const inner = group("sg-inner", "10.40.0.0/16", own("sg-cluster"));

  const shut = group("sg-shut");

  it.each<[string, string[], NetworkFact["securityGroups"], string[]]>([
    ["an open group, and addresses of the network are let in", ["sg-open"], [open], ["10.40.0.0/16"]],
    ["a group that lets in one office, and some addresses are let in", ["sg-open"], [office], ["10.40.7.0/24"]],
    ["two groups, of which the closed one is let in", ["sg-open", "sg-shut"], [open, shut], [own("sg-shut")]],
    ["no group at all", [], [], ["10.40.0.0/16"]],
    ["a group that cannot be read", ["sg-else"], [], ["10.40.0.0/16"]],
    ["an open group, by a group that is let in and lets in addresses", ["sg-open"], [open, inner], [own("sg-inner")]],
  ])("fails with %s", (_, groupIds, groups, admitted) => {
    const { whole, told } = judge({ groupIds }, groups, ...admitted);
    expect(whole).toBe(false);
    expect(told).toMatch(/^answers at 203\.0\.113\.9: .+, and .+(reaches the cluster|admits 10\.40\.\S+ to tcp \d+)$/);
  });

  it.each<[string, string[], NetworkFact["securityGroups"], string[], string]>([
    ["lets nobody in from outside", ["sg-inner"], [inner], ["10.40.0.0/16"], "and admits nobody from outside"],
    ["is let in by nobody", ["sg-open"], [open], [], "and no group lets it reach the cluster"],
    ["has no group, where groups alone are let in", [], [inner], [], "and no group lets it reach the cluster"],
  ])("passes where it %s", (_, groupIds, groups, admitted, told) => {
    expect(judge({ groupIds }, groups, ...admitted)).toEqual({ whole: true, told: `answers at 203.0.113.9, ${told}` });
  });
});
