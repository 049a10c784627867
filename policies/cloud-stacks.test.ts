/** Whole stacks of Google Cloud and Azure under the policy pack: what the kit makes passes, and one fault in it does not. */
import { expect, it } from "vitest";
import { type Built, build } from "../stacks/testing/built-stack.ts";
import {
  azureBaseValues,
  azureByoc,
  azureCustomerValues,
  azureLinkValues,
  azureManager,
  googleBaseValues,
  googleByoc,
  googleCustomerValues,
  googleLinkValues,
  servesApps,
} from "../stacks/testing/valid-config.ts";
import type { Seen } from "./rule.ts";
import { rules, stackRules } from "./rules.ts";

const seenIn = ({ all }: Built): Seen[] =>
  all.map(({ type, name, inputs }) => ({ type, name, urn: `${type}::${name}`, inputs, protect: true }));

function broken(seen: Seen[]): string[] {
  const alone = seen.flatMap((one) =>
    rules
      .filter(({ types }) => types.includes(one.type))
      .flatMap((rule) => rule.judge(one.inputs, one).map((words) => `${rule.name}: ${one.name}: ${words}`)),
  );
  const together = stackRules.flatMap((rule) => rule.judge(seen).map(({ words }) => `${rule.name}: ${words}`));
  return [...alone, ...together];
}

const stacks: Record<string, () => Record<string, string>> = {
  "Azure: self-managed base": () => azureBaseValues(),
  "Azure: byoc base": () => azureBaseValues(azureByoc),
  "Azure: self-managed workloads": () => azureCustomerValues(),
  "Azure: byoc workloads": () =>
    azureCustomerValues({ ...azureManager, isolation: "project", logs: { retentionDays: 30 } }),
  "Azure: workloads with apps": () => azureCustomerValues({ apps: servesApps }),
  "Azure: link": () => azureLinkValues(),
  "Google Cloud: self-managed base": () => googleBaseValues(),
  "Google Cloud: byoc base": () => googleBaseValues(googleByoc),
  "Google Cloud: self-managed workloads": () => googleCustomerValues(),
  "Google Cloud: byoc workloads": () =>
    googleCustomerValues({ model: "byoc", isolation: "project", logs: { retentionDays: 30 } }),
  "Google Cloud: workloads with apps": () => googleCustomerValues({ apps: servesApps }),
  "Google Cloud: link": () => googleLinkValues(),
};

it.each(Object.entries(stacks))("%s passes every rule of the pack", async (_, values) => {
  const seen = seenIn(await build(values()));
  expect(seen.length).toBeGreaterThan(2);
  expect(broken(seen)).toEqual([]);
});

it("a storage account whose keys sign in such a stack is refused", async () => {
  const seen = seenIn(await build(azureCustomerValues()));
  const spoilt = seen.map((one) =>
    one.type === "azure-native:storage:StorageAccount"
      ? { ...one, inputs: { ...one.inputs, allowSharedKeyAccess: true } }
      : one,
  );
  expect(broken(spoilt)).toHaveLength(1);
});

it("a bucket that is open in such a stack is refused", async () => {
  const seen = seenIn(await build(googleCustomerValues()));
  const spoilt = seen.map((one) =>
    one.type === "gcp:storage/bucket:Bucket"
      ? { ...one, inputs: { ...one.inputs, publicAccessPrevention: "inherited" } }
      : one,
  );
  expect(broken(spoilt)).toHaveLength(2);
});
