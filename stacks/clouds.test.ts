/** The contract that every cloud's customer keeps: the same assertions on what the stacks of each make and answer. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { settled } from "../components/testing/settled.ts";
import { type Built, build, objects, podOf } from "./testing/built-stack.ts";
import {
  azureBaseValues,
  azureByoc,
  azureCustomerValues,
  azureManager,
  byoc,
  customerBaseValues,
  customerValues,
  googleBaseValues,
  googleByoc,
  googleCustomerValues,
} from "./testing/valid-config.ts";

const operated = { model: "byoc" };
const clouds = {
  aws: {
    ...{ base: () => customerBaseValues(byoc), workloads: () => customerValues() },
    byoc: () => customerValues(operated),
  },
  gcp: {
    ...{ base: () => googleBaseValues(googleByoc), workloads: () => googleCustomerValues() },
    byoc: () => googleCustomerValues(operated),
  },
  azure: {
    ...{ base: () => azureBaseValues(azureByoc), workloads: () => azureCustomerValues() },
    byoc: () => azureCustomerValues(azureManager),
  },
};
type Cloud = keyof typeof clouds;
const all = Object.keys(clouds) as Cloud[];
const made = {} as Record<Cloud, { base: Built; workloads: Built; byoc: Built }>;

beforeAll(async () => {
  for (const cloud of all) {
    const { base, workloads, byoc } = clouds[cloud];
    made[cloud] = { base: await build(base()), workloads: await build(workloads()), byoc: await build(byoc()) };
  }
}, 60_000);

/** What a stack makes in Kubernetes, without what names the cloud. */
function inCluster(built: Built): string[] {
  return built.all
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ type, name }) => `${type} ${name}`)
    .sort();
}

/** Keys of an account's annotations, by which it takes an identity. */
const identityKeys: Record<Cloud, string> = {
  aws: "eks.amazonaws.com/role-arn",
  gcp: "iam.gke.io/gcp-service-account",
  azure: "azure.workload.identity/client-id",
};

/** SDKs, by the package that each cloud's programs may load. */
const sdks: Record<Cloud, string> = { aws: "aws", gcp: "gcp", azure: "azure-native" };

describe.each(all)("a customer on %s", (cloud) => {
  it("answers the stores, the registry and the namespaces by the same names", async () => {
    expect(await settled(made[cloud].workloads.outputs)).toMatchObject({
      clusterName: "biplane-main",
      metadataBucket: "biplane-acme-main-metadata",
      fastRegistrationBucket: "biplane-acme-main-fast-reg",
      repository: expect.any(String),
      repositoryUrl: expect.stringContaining("/"),
      namespaces: ["union", "demo-development", "demo-production"],
    });
  });

  it("answers the addresses that it comes from, and names its cluster", async () => {
    const outputs = (await settled(made[cloud].base.outputs)) as { natAddresses: string[]; clusterName: string };
    expect(outputs.clusterName).toBe("biplane-main");
    expect(outputs.natAddresses.length).toBeGreaterThan(0);
  });

  it("makes the same objects in its cluster as on every other cloud, in both models", () => {
    for (const model of ["workloads", "byoc"] as const) {
      expect(inCluster(made[cloud][model])).toEqual(inCluster(made.aws[model]));
    }
  });

  it("gives the same accounts an identity, and the others none", () => {
    const takers = objects(made[cloud].workloads, "ServiceAccount").flatMap(({ inputs: { metadata } }) => {
      const { name, namespace, annotations } = metadata as typeof metadata & { annotations?: Record<string, string> };
      return annotations?.[identityKeys[cloud]] ? [`${namespace}/${name}`] : [];
    });
    expect(takers.sort()).toEqual([
      ...["demo-development/default", "demo-production/default"],
      ...["union/executor", "union/log-provider", "union/proxy-system"],
    ]);
  });

  it("gives its services the same rights in Kubernetes", () => {
    const rules = (built: Built) =>
      objects(built, "Role").map(({ inputs }) => [inputs.metadata.namespace, inputs.metadata.name, inputs.rules]);
    expect(rules(made[cloud].byoc)).toEqual(rules(made.aws.byoc));
  });

  it("tells its services everything but the cloud's own words alike", () => {
    const own =
      /^(?:AWS_|GCP_|CLOUD$|STORAGE_ACCOUNT$|VAULT_URL$|SIGNER_ACCOUNT$|LOG_|SECRET_(?:PREFIX|KEY|RESOURCE|BACKEND))/;
    const told = (built: Built) =>
      Object.fromEntries(
        objects(built, "Deployment").map((deployment) => [
          deployment.inputs.metadata.name,
          (podOf(deployment).containers[0]?.env ?? []).filter(({ name }) => !own.test(name)),
        ]),
      );
    expect(told(made[cloud].byoc)).toEqual(told(made.aws.byoc));
  });

  it("keeps users' secrets in the cloud's own manager where the vendor operates, and in the cluster elsewhere", () => {
    const backend = (built: Built) => {
      const [secrets] = objects(built, "Deployment").filter(({ inputs }) => inputs.metadata.name === "secrets");
      if (!secrets) throw new Error("no service keeps secrets");
      return podOf(secrets).containers[0]?.env.find(({ name }) => name === "SECRET_BACKEND")?.value;
    };
    expect(backend(made[cloud].workloads)).toBe("kubernetes");
    expect(backend(made[cloud].byoc)).toMatch(/^(?:aws-secrets-manager|gcp-secret-manager|azure-key-vault)$/);
  });

  it("loads its own SDK, no other cloud's, and none that only a region needs", () => {
    const others = [...all.filter((name) => name !== cloud).map((name) => sdks[name]), "random"];
    const foreign = others.map((name) => `@pulumi/${name}/`);
    const script = `
      const { build } = await import(${JSON.stringify(join(import.meta.dirname, "testing/built-stack.ts"))});
      for (const values of JSON.parse(process.argv[1])) await build(values, { preview: true });
      const { createRequire } = await import("node:module");
      const loaded = Object.keys(createRequire(import.meta.url).cache);
      process.stdout.write(JSON.stringify(loaded.filter((file) => file.includes("@pulumi/"))));`;
    const values = JSON.stringify([clouds[cloud].base(), clouds[cloud].workloads()]);
    const args = ["--input-type=module", "--eval", script, values];
    const loaded: string[] = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
    expect(loaded.some((file) => file.includes(`@pulumi/${sdks[cloud]}/`))).toBe(true);
    expect(loaded.filter((file) => foreign.some((name) => file.includes(name)))).toEqual([]);
  }, 60_000);
});
