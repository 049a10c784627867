import { expect, it } from "vitest";
import { guidOf, registryName, storageAccountName, vaultName } from "./azure-names.ts";

const subscription = "11111111-1111-4111-8111-111111111111";
const scope = { subscription, prefix: "biplane-acme-main" };
const long = { subscription, prefix: `biplane-${"acme-main-".repeat(4)}x` };

it("keeps to what each service takes, however long the plane's name is", () => {
  for (const one of [scope, long]) {
    expect(storageAccountName(one)).toMatch(/^[a-z][a-z0-9]{2,23}$/);
    expect(registryName(one)).toMatch(/^[a-z][a-z0-9]{4,49}$/);
    expect(vaultName(one, "secrets")).toMatch(/^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){2,23}$/);
  }
});

it("never meets another subscription's, another plane's, nor one that differs in its dashes alone", () => {
  const others = [
    { ...scope, subscription: subscription.replace("4111-8", "4222-8") },
    { ...scope, prefix: "biplane-globex-main" },
    { ...scope, prefix: "biplane-acm-emain" },
  ];
  const all = [scope, ...others];
  for (const name of [storageAccountName, registryName, (one: typeof scope) => vaultName(one, "base")]) {
    expect(new Set(all.map(name)).size).toBe(all.length);
  }
  expect(new Set((["base", "data", "secrets"] as const).map((what) => vaultName(scope, what))).size).toBe(3);
});

it("gives a GUID for parts, the same for the same, and no other parts the same", () => {
  expect(guidOf("a", "b")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(guidOf("a", "b")).toBe(guidOf("a", "b"));
  expect(guidOf("a", "b")).not.toBe(guidOf("ab", ""));
});
