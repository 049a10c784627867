import { expect, it } from "vitest";
import { checks } from "../checks/index.ts";
import { judge } from "../runner.ts";
import { collectedFrom, goodTargets } from "./good-plane.ts";
import { largeFacts, largeTarget } from "./large-plane.ts";

it("the grown plane is as large as asked for, and the checks of what grew pass on it", () => {
  const size = { namespaces: 3, pods: 25, networkPolicies: 12, roles: 20, iamRoles: 9 };
  const facts = largeFacts(size);
  const collected = collectedFrom(facts);
  const targets = { ...goodTargets, customer: largeTarget(size) };
  const asked = checks.filter(({ id, clouds }) => /^(NS|POD|RBAC|DEP)-/.test(id) && clouds.includes("aws"));
  const bad = asked.filter((check) => judge(check, collected, targets).outcome !== "PASS");
  expect({ asked: asked.length > 10, bad: bad.map(({ id }) => id) }).toEqual({ asked: true, bad: [] });
  const { pods, networkPolicies, roles, principals, namespaces } = facts;
  expect([pods, networkPolicies, roles, principals.entities].map(({ length }) => length)).toEqual([25, 12, 20, 9]);
  expect(namespaces).toHaveLength(size.namespaces + 1);
});
