/** Which of the four backends each cloud's stacks tell the service of secrets to use: by the model, or as the stack says. */
import { expect, it } from "vitest";
import { secretBackends } from "../../components/secrets/backends.ts";
import { type Built, build, objects, podOf } from "../../stacks/testing/built-stack.ts";
import {
  azureCustomerValues,
  azureManager,
  customerValues,
  googleCustomerValues,
} from "../../stacks/testing/valid-config.ts";
import { evidenceFor, ofRegion } from "../../test/support/evidence.ts";

const clouds = ["aws", "gcp", "azure"] as const;
type Cloud = (typeof clouds)[number];
const { proves } = evidenceFor("verify/secret-backends", ofRegion, () => clouds);

const byoc = { model: "byoc" };
const operated: Record<Cloud, Record<string, unknown>> = { aws: byoc, gcp: byoc, azure: azureManager };
const values: Record<Cloud, (more?: Record<string, unknown>) => Parameters<typeof build>[0]> = {
  aws: customerValues,
  gcp: googleCustomerValues,
  azure: azureCustomerValues,
};
const own: Record<Cloud, string> = {
  aws: "aws-secrets-manager",
  gcp: "gcp-secret-manager",
  azure: "azure-key-vault",
};

/** As the service reads it. */
function backendOf(built: Built): string | undefined {
  const told = objects(built, "Deployment").flatMap(
    (deployment) => podOf(deployment).containers[0]?.env?.filter(({ name }) => name === "SECRET_BACKEND") ?? [],
  );
  expect(told).toHaveLength(1);
  return told[0]?.value;
}

const told = async (cloud: Cloud, more?: Record<string, unknown>) => backendOf(await build(values[cloud](more)));

it("a self-managed plane's secrets are in Kubernetes, a BYOC one's in its cloud's manager, or as its stack says", async () => {
  const used = new Set<string | undefined>();
  for (const cloud of clouds) {
    const byDefault = [await told(cloud), await told(cloud, operated[cloud])];
    expect(byDefault, cloud).toEqual(["kubernetes", own[cloud]]);
    const overridden = [
      await told(cloud, { secretsBackend: own[cloud] }),
      await told(cloud, { ...operated[cloud], secretsBackend: "kubernetes" }),
    ];
    expect(overridden, cloud).toEqual([own[cloud], "kubernetes"]);
    // What says nothing of the model would have both alike.
    expect(overridden).not.toEqual(byDefault);
    for (const one of byDefault) used.add(one);
    const others = clouds.filter((other) => other !== cloud).map((other) => own[other]);
    for (const secretsBackend of others)
      await expect(told(cloud, { secretsBackend })).rejects.toThrow(/biplane:secretsBackend/);
  }
  expect([...used].sort()).toEqual([...secretBackends].sort());
  proves(
    ["secrets-backends-four"],
    "each model's default, held against a stack that says otherwise, differs; another cloud's manager is refused",
  );
}, 60_000);
