/** A customer's stack that serves apps, and one that does not. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Built, build, named, objects } from "./testing/built-stack.ts";
import { servesApps as apps, customerValues } from "./testing/valid-config.ts";

let plain: Built;
let serving: Built;

beforeAll(async () => {
  plain = await build(customerValues());
  serving = await build(customerValues({ apps, approvedRegistries: ["registry.test/tasks"] }));
}, 120_000);

const namesOf = (built: Built, kind: string) => objects(built, kind).map(({ inputs }) => inputs.metadata.name);
const policy = (built: Built, name: string) =>
  JSON.stringify(named(objects(built, "ValidatingAdmissionPolicy"), `${name}.union.biplane.dev`).inputs.spec);

describe("a customer's stack", () => {
  it("makes nothing of serving where no apps are configured", () => {
    expect(namesOf(plain, "Namespace")).not.toContain("knative-serving");
    expect(namesOf(plain, "ValidatingAdmissionPolicy")).not.toContain("serving.union.biplane.dev");
    expect(policy(plain, "services")).not.toContain("ExternalName");
  });

  it("serves apps where they are, fenced by the API server", () => {
    expect(namesOf(serving, "Namespace")).toEqual(expect.arrayContaining(["knative-serving", "kourier-system"]));
    expect(policy(serving, "serving")).toContain("system:serviceaccount:knative-serving:");
    expect(policy(serving, "services")).toContain("system:serviceaccount:knative-serving:controller");
    expect(namesOf(serving, "NetworkPolicy")).toContain("allow-apps");
  });

  it("lets the proxy beside an app come from its own repository, where registries are approved", () => {
    expect(policy(serving, "images")).toContain("registry.test/serving/queue");
    expect(policy(serving, "images")).not.toContain("registry.test/serving/activator");
  });
});
