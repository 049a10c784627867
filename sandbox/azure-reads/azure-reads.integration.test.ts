/**
 * Both stacks of a customer on Azure, brought up by the real engine in a kept subscription, then read by REST and judged by
 * every check that a subscription's answers decide, and broken by each of its sabotages.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registryName, vaultName } from "../../components/account/azure-names.ts";
import { secretNamePrefix } from "../../components/secrets/names.ts";
import { azureBaseOutputs, azureCustomerOutputs } from "../../stacks/outputs.ts";
import { azureByoc } from "../../stacks/testing/valid-config.ts";
import { checks } from "../../verify/checks/index.ts";
import { readsOf } from "../../verify/collect/azure/client.ts";
import { readAzure } from "../../verify/collect/azure/index.ts";
import type { Collected, FactName } from "../../verify/facts.ts";
import { judge } from "../../verify/runner.ts";
import { type AzureTarget, azureTargetSchema } from "../../verify/target.ts";
import { toolchain } from "../engine/testing/emulated.ts";
import { paths } from "../paths.ts";
import { answerRead } from "./index.ts";
import { deployer, keepPlane } from "./testing/kept-plane.ts";

const state = mkdtempSync(join(tmpdir(), "biplane-azure-reads-"));
const sandbox = { paths: paths({ ...process.env, BIPLANE_STATE: state }), tools: toolchain(), progress: () => {} };
let plane: Awaited<ReturnType<typeof keepPlane>>;
let collected: Collected;

beforeAll(async () => {
  plane = await keepPlane(sandbox, { ...azureByoc, imageScanning: "defender" }, ({ managementPrincipal }) => ({
    ...{ model: "byoc", managementPrincipal, isolation: "project", logs: { retentionDays: 30 } },
    secretsBackend: "azure-key-vault",
  }));
  const secrets = [{ vault: targetOf().secretsVault ?? "", name: `${secretNamePrefix("acme")}demo-KEY` }];
  const reads = readsOf({
    ...{ manager: "https://management.azure.com", blobs: "https://blobs.test", token: async () => "t", backoffMs: 0 },
    async send(url) {
      // Objects lie in a store of their own.
      if (url.startsWith("https://blobs.test")) {
        const levels = ["", "acme/", "acme/demo/", "acme/demo/development/"];
        const next = levels[levels.indexOf(new URL(url).searchParams.get("prefix") ?? "") + 1];
        const blobs = `<Blobs><BlobPrefix><Name>${next}</Name></BlobPrefix></Blobs>`;
        return new Response(`<EnumerationResults>${blobs}<NextMarker /></EnumerationResults>`);
      }
      const { status, body } = answerRead({ method: "GET", url }, { ...plane, secrets });
      return Response.json(body, { status });
    },
  });
  collected = (await readAzure(reads, targetOf())) as Collected;
}, 400_000);
afterAll(() => rmSync(state, { recursive: true, force: true }));

function targetOf(): AzureTarget {
  const outputs = azureCustomerOutputs.parse(plane.outputs);
  const base = azureBaseOutputs.parse(plane.base);
  const { subscription, clusterName } = outputs;
  const scope = { subscription, prefix: outputs.metadataBucket.replace(/-metadata$/, "") };
  return azureTargetSchema.parse({
    ...{
      org: "acme",
      model: "byoc",
      cloud: "azure",
      region: "westeurope",
      isolation: "project",
      subscription,
      clusterName,
    },
    tenant: deployer.tenant,
    ownPrincipals: [deployer.objectId],
    groups: { cluster: `${clusterName}-base`, workloads: `${clusterName}-workloads` },
    ...{ secretsBackend: "azure-key-vault", secretsVault: vaultName(scope, "secrets") },
    projects: ["development", "production"].map((domain) => ({ project: "demo", domain })),
    buckets: { metadata: outputs.metadataBucket, fastRegistration: outputs.fastRegistrationBucket },
    ...{ storageAccount: outputs.storageAccount, registry: registryName(scope), repository: outputs.repository },
    ...{ logWorkspace: outputs.logWorkspace, registryHosts: ["r"], kubeconfig: "/nowhere", identityGroups: [] },
    releasedDigests: [`sha256:${"0".repeat(64)}`],
    management: {
      ...{ clientId: base.managementClient, principalId: base.managementPrincipal },
      ...{ issuer: azureByoc.management.issuer, subject: azureByoc.management.subject },
      connections: azureByoc.privateLink.approved,
    },
    azure: { accessTokenFile: "/nowhere" },
  });
}

describe("a plane's subscription, as it is kept", () => {
  it("is read whole by REST", () => {
    const unread = (Object.keys(collected) as FactName[]).flatMap((name) => {
      const fact = collected[name];
      return fact.read ? [] : [`${name}: ${fact.reason}`];
    });
    expect(unread).toEqual([]);
  });

  it("passes every check that it decides alone, and each sabotage turns its check red", () => {
    const own = checks.filter(({ needs }) => needs.every((name) => name in collected));
    const verdicts = own.map((check) => [check, judge(check, collected, { azure: targetOf() })] as const);
    const wrong = verdicts.filter(([, { outcome }]) => outcome !== "PASS");
    expect(wrong.map(([{ id }, verdict]) => [id, JSON.stringify(verdict)])).toEqual([]);
    for (const [check, verdict] of verdicts) {
      if (verdict.outcome !== "PASS") continue;
      expect(
        verdict.sabotages.map(({ name }) => name),
        check.id,
      ).toEqual(check.sabotages.map(({ name }) => name));
    }
    expect(own.map(({ id }) => id).sort()).toEqual(
      [
        ...["BKT-41", "BKT-42", "BKT-43", "CLS-41", "CLS-42", "IAM-42", "IAM-43", "IAM-44", "IAM-46", "IAM-49"],
        ...["IAM-50", "IAM-51", "IAM-55", "NET-43", "REG-41", "REG-42", "RES-41", "SEC-43", "VND-42"],
      ].sort(),
    );
  });
});
