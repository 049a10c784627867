import { describe, expect, it } from "vitest";
import type { AzureCreationFact } from "../facts-azure.ts";
import { goodAzureFacts, goodAzureTarget } from "../testing/good-azure.ts";
import { goodAzureByocFacts, goodAzureByocTarget } from "../testing/good-azure-byoc.ts";
import { azureIdentitiesMadeByCustomer as check } from "./iam-55-azure-who-made.ts";

type By = AzureCreationFact["calls"][number]["by"];
type Facts = ReturnType<typeof goodAzureFacts>;
const own = goodAzureTarget.ownPrincipals[0] ?? "";

/** The first identity by this caller; the others as they are. */
function wordsOf(by: Partial<By>, change: (facts: Facts) => void = () => {}): string {
  const facts = goodAzureFacts();
  for (const call of facts.azureCreations[0]?.calls ?? [])
    call.by = { tenant: goodAzureTarget.tenant, object: "o", ownGroups: [], ...by };
  change(facts);
  const [first, ...others] = check.evaluate(facts, { azure: goodAzureTarget });
  expect(others.length).toBeGreaterThan(0);
  expect(others.every(({ ok }) => ok)).toBe(true);
  return first?.ok ? "pass" : (first?.evidence ?? "");
}

const principal = (facts = goodAzureFacts()) => facts.azureIdentities.at(-1)?.principalId ?? "";

describe("IAM-55", () => {
  it.each<[string, Partial<By>]>([
    ["somebody whom the target names", { object: own.toUpperCase() }],
    ["somebody of a group that it names", { ownGroups: [own] }],
    ["an identity of the subscription that nobody else becomes", { object: principal() }],
  ])("takes %s for the customer's own", (_, by) => {
    expect(wordsOf(by)).toBe("pass");
  });

  it.each<[string, Partial<By>, string]>([
    ["whom it names, by a token of another tenant", { object: own, tenant: "vendor" }, "of tenant vendor, not"],
    ["somebody of no tenant", { object: own, tenant: "" }, "of tenant (not told)"],
    ["a guest whom nobody names", { object: "guest" }, "guest, whom nobody names"],
    ["nobody", { object: "" }, "somebody who is not told"],
  ])("does not take %s for that", (_, by, words) => {
    expect(wordsOf(by)).toContain(words);
  });

  it("does not take an identity that another issuer's tokens become, in a named group or not", () => {
    const taken = ({ azureIdentities }: Facts) =>
      azureIdentities.at(-1)?.credentials.push({ name: "x", issuer: "https://ci.test", audiences: [] });
    const by = { object: principal(), ownGroups: [own] };
    expect(wordsOf(by, taken)).toContain("whoever an expression names of https://ci.test becomes");
  });

  it("does not take the vendor's management identity, though the target named it as its own", () => {
    const facts = goodAzureByocFacts();
    const principalId = goodAzureByocTarget.management?.principalId ?? "";
    for (const call of facts.azureCreations[0]?.calls ?? []) call.by.object = principalId.toUpperCase();
    const azure = { ...goodAzureByocTarget, ownPrincipals: [...goodAzureByocTarget.ownPrincipals, principalId] };
    for (const one of facts.azureIdentities) if (one.principalId === principalId) one.credentials = [];
    expect(check.evaluate(facts, { azure })[0]?.evidence).toContain("the vendor's management identity");
  });

  it("judges by the last call that made it, whichever order the log has", () => {
    const again = ({ azureCreations: [first] }: Facts) => {
      const made = first?.calls.at(-1);
      if (made) first?.calls.unshift({ ...made, at: "2026-01-01T00:02:00.000Z", by: { ...made.by, object: "later" } });
    };
    expect(wordsOf({ object: own }, again)).toContain("later, whom nobody names");
  });
});
