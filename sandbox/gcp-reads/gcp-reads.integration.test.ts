/**
 * Both stacks of a customer on Google Cloud, brought up by the real engine in a kept project, then read by REST and judged
 * by every check that a project's answers decide.
 */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { google } from "../../shared/google.ts";
import { googleCustomerOutputs } from "../../stacks/outputs.ts";
import { checks } from "../../verify/checks/index.ts";
import { readsOf } from "../../verify/collect/google/client.ts";
import { readGoogle } from "../../verify/collect/google/index.ts";
import { judge } from "../../verify/runner.ts";
import { googleTargetSchema } from "../../verify/target.ts";
import { createGoogleFront } from "../cloud/google/front.ts";
import { toolchain } from "../engine/testing/emulated.ts";
import { paths } from "../paths.ts";
import { accountsApi } from "../providers/gcp/accounts.ts";
import { keepPlane } from "./testing/kept-plane.ts";

const state = mkdtempSync(join(tmpdir(), "biplane-gcp-"));
const sandbox = { paths: paths({ ...process.env, BIPLANE_STATE: state }), tools: toolchain(), progress: () => {} };
let plane: Awaited<ReturnType<typeof keepPlane>>;
let server: Server;
const client = () => {
  const { port } = server.address() as AddressInfo;
  return google({ token: async () => "owner", env: { GOOGLE_ENDPOINT_URL: `http://127.0.0.1:${port}` } });
};

beforeAll(async () => {
  const home = join(sandbox.paths.cloud, "gcp");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "owner"), "owner");
  const front = createGoogleFront({
    ...{ kept: join(home, "kept.json"), state: home, operatorToken: join(home, "owner"), storePort: 1 },
    issuerDocuments: home,
  });
  server = createServer((request, response) => {
    // Objects lie in a store of their own.
    if (!/^\/storage\/v1\/b\/[^/]+\/o\?/.test(request.url ?? "")) return void front(request, response);
    const asked = new URL(request.url ?? "", "http://store").searchParams.get("prefix") ?? "";
    const levels = ["", "acme/", "acme/demo/", "acme/demo/development/"];
    response.end(JSON.stringify({ prefixes: [levels[levels.indexOf(asked) + 1]] }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  plane = await keepPlane(
    sandbox,
    { transportPolicies: "base" },
    { isolation: "project", logs: { retentionDays: 30 }, secretsBackend: "gcp-secret-manager" },
    accountsApi(async () => client()),
  );
}, 300_000);
afterAll(async () => {
  server?.close().closeAllConnections();
  rmSync(state, { recursive: true, force: true });
});

function targetOf() {
  const outputs = googleCustomerOutputs.parse(plane.outputs);
  return googleTargetSchema.parse({
    ...{ org: "acme", model: "self-managed", cloud: "gcp", project: outputs.project, region: "europe-west4" },
    ...{ clusterName: outputs.clusterName, isolation: "project", secretsBackend: "gcp-secret-manager" },
    ownDomains: ["biplane.test"],
    projects: ["development", "production"].map((domain) => ({ project: "demo", domain })),
    buckets: { metadata: outputs.metadataBucket, fastRegistration: outputs.fastRegistrationBucket },
    accounts: { admin: outputs.adminAccount, user: outputs.userAccount },
    ...{ repository: outputs.repository, logView: outputs.logView, registryHosts: ["r"], kubeconfig: "/nowhere" },
    releasedDigests: [`sha256:${"0".repeat(64)}`],
  });
}

describe("a plane's project, as it is kept", () => {
  it("is read whole by REST, and every check that it decides alone passes or says that it is BYOC's", async () => {
    const google = targetOf();
    const collected = await readGoogle(readsOf(client()), google);
    const unread = Object.values(collected).flatMap((fact) => (fact.read ? [] : [fact.reason]));
    expect(unread).toEqual([]);
    const own = checks.filter(({ needs }) => needs.every((name) => name in collected));
    const verdicts = own.map((check) => [check.id, judge(check, collected, { google })] as const);
    const notOfModel = verdicts.filter(([, { outcome }]) => outcome === "NOT_APPLICABLE");
    expect(notOfModel.map(([id]) => id).sort()).toEqual(["CLS-22", "NET-23"]);
    expect(verdicts.filter(([, { outcome }]) => !["PASS", "NOT_APPLICABLE"].includes(outcome))).toEqual([]);
    expect(verdicts.map(([id]) => id).sort()).toEqual(
      expect.arrayContaining([
        "BKT-21",
        "BKT-22",
        "BKT-23",
        "CLS-21",
        "IAM-12",
        "IAM-23",
        "IAM-24",
        "IAM-29",
        "IAM-26",
        "IAM-32",
        "REG-21",
        "RES-21",
        "SEC-23",
        "VND-22",
      ]),
    );
  });
});
