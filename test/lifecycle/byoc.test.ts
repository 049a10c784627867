import { join } from "node:path";
import { AppsV1Api, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { execa } from "execa";
import { describe, expect, it, vi } from "vitest";
import { servingNamespace as namespace } from "../../components/serving/contract.ts";
import { readEnvironment } from "../../sandbox/environment.ts";
import { accounts, network } from "../../sandbox/hosts.ts";
import type { Model } from "../../sandbox/model.ts";
import { adminOf } from "../../sandbox/node/api-server.ts";
import { nodeLayout } from "../../sandbox/node/layout.ts";
import { openCloud } from "../../sandbox/providers/aws/cloud.ts";
import { localBacking } from "../../sandbox/providers/aws/local.ts";
import { servesApps } from "../../sandbox/verify-target.ts";
import { checks } from "../../verify/checks/index.ts";
import { currentCommit, type Evidence, readEvidence } from "../../verify/claims/evidence.ts";
import { ledger } from "../../verify/claims/ledger.ts";
import { evidenceFor } from "../support/evidence.ts";
import { managerOf, managersGroup, recordedOf } from "../support/management.ts";
import { checkout, here } from "../support/paths.ts";
import { describeModel } from "./whole-model.ts";

const { proves } = evidenceFor("lifecycle/byoc", () => "byoc");

/** Claims that hold in both models, and the checks of a customer's plane that decide them by reading alone. */
const ofBoth = new Set(ledger.claims.filter(({ models }) => models.length === 2).map(({ id }) => id));
const reading = new Set(checks.filter(({ plane, probes }) => plane === "compute" && !probes).map(({ id }) => id));

/** What decides the core promises beside them: files of tests of running planes, by the name of their evidence. */
const files = new Map([
  ["data/presigned-upload", "test/data/presigned-upload.test.ts"],
  ["tenancy/wall", "test/tenancy/wall.test.ts"],
  ["tenancy/recorded", "test/tenancy/recorded.test.ts"],
]);
const core = ["enc", "rbac", "tenant", "presign", "audit"];
const familyOf = (claim: string) => claim.replace(/-.*/, "");

/** Claim → result at this commit, of claims of both models that were decided; the worst where several decided. */
function resultsOf(model: Model, wanted: (one: Evidence) => boolean): Map<string, string> {
  const all = readEvidence(join(here.cache, "evidence"), currentCommit(checkout));
  const decided = all.filter(({ claim, result }) => ofBoth.has(claim) && result !== "not-evaluated");
  // A plane of another cloud, judged at this commit as well, is no self-managed counterpart of this customer's.
  const own = decided.filter((one) => one.cloud === "aws" && one.model === model && wanted(one));
  const found = new Map<string, string>();
  for (const { claim, result } of own.toSorted((a, b) => a.claim.localeCompare(b.claim)))
    if (!found.has(claim) || result === "fail") found.set(claim, result);
  return found;
}

const byChecks = (model: Model) => resultsOf(model, ({ by }) => reading.has(by));
const ofCore = (model: Model) =>
  resultsOf(model, ({ by, claim }) => (reading.has(by) || files.has(by)) && core.includes(familyOf(claim)));

/** What a plane without a single run could not tell before is nothing to compare with. */
const of = (before: Map<string, string>, now: Map<string, string>) =>
  new Map([...now].filter(([claim]) => before.has(claim)));

/** Alone, this file has nothing to compare with: the self-managed plane's results come from the tests before it. */
const missing = "the self-managed plane was not judged at this commit";

describe("a BYOC customer beside its region", () =>
  describeModel("byoc", () => {
    it("records under their own names what the vendor's managers change in the cluster, and what they are refused", async () => {
      proves(["byoc-cluster-actions-logged"], "the same change by the administrator is recorded as no manager's");
      const { cluster } = await (
        await openCloud(accounts.customer, localBacking(here, "customer", "customer")).eks()
      ).describeCluster({ name: String(readEnvironment(here).outputs.customerBase.clusterName) });
      const on = cluster?.logging?.clusterLogging?.flatMap(({ enabled, types = [] }) => (enabled ? types : []));
      expect(on).toEqual(expect.arrayContaining(["audit", "authenticator"]));
      const [session, other] = ["ann@vendor.test", "bob@vendor.test"];
      const cordon = async (kube: KubeConfig, unschedulable: boolean) => {
        const body = [{ op: "add", path: "/spec/unschedulable", value: unschedulable }];
        await kube.makeApiClient(CoreV1Api).patchNode({ name: network.hosts.customer.namespace, body });
      };
      const manager = await managerOf(session);
      await cordon(manager, true);
      await cordon(manager, false);
      const secret = { namespace: "union", body: { metadata: { name: "planted" } } };
      await expect(manager.makeApiClient(CoreV1Api).createNamespacedSecret(secret)).rejects.toMatchObject({
        code: 403,
      });
      const records = await vi.waitFor(() => {
        const found = recordedOf(session);
        expect(found).toHaveLength(3);
        return found;
      }, 60_000);
      expect(
        records.map(({ verb, objectRef, responseStatus }) => [verb, objectRef.resource, responseStatus?.code]),
      ).toEqual([
        ["patch", "nodes", 200],
        ["patch", "nodes", 200],
        ["create", "secrets", 403],
      ]);
      const group = await managersGroup();
      for (const { user, annotations } of records) {
        expect(user.groups).toContain(group);
        expect(annotations["authorization.k8s.io/decision"]).toBeDefined();
      }
      expect(recordedOf(other)).toEqual([]);
      await cordon(adminOf(nodeLayout(here, "customer")), false);
      expect(recordedOf(session)).toHaveLength(3);
    });

    it("lets the vendor's managers upgrade, scale and configure what serves apps, and no more", async ({ skip }) => {
      skip(!servesApps(readEnvironment(here)), "the toolchain's part apps is not built");
      proves(["apps-byoc-lifecycle"], "images, variables, settings, Secrets and pods of other kinds are refused them");
      const manager = await managerOf("cas@vendor.test");
      const [apps, core] = [manager.makeApiClient(AppsV1Api), manager.makeApiClient(CoreV1Api)];
      // Judged as if it were done, and not kept.
      const activator = { namespace, name: "activator", dryRun: "All" };
      const now = (await apps.readNamespacedDeployment(activator)).spec?.template.spec?.containers[0]?.image ?? "";
      const change = (field: string, value: unknown, op = "replace") =>
        apps.patchNamespacedDeployment({
          ...activator,
          body: [{ op, path: `/spec/template/spec/containers/0/${field}`, value }],
        });
      const configure = (name: string) =>
        core.patchNamespacedConfigMap({
          ...{ namespace, name, dryRun: "All" },
          body: [{ op: "add", path: "/data", value: { "retain-since-create-time": "48h" } }],
        });
      const next = now.replace(/[0-9a-f]{64}$/, "f".repeat(64));
      expect((await change("image", next)).spec?.template.spec?.containers[0]?.image).toBe(next);
      const scaled = [{ op: "replace", path: "/spec/replicas", value: 3 }];
      expect((await apps.patchNamespacedDeploymentScale({ ...activator, body: scaled })).spec?.replicas).toBe(3);
      expect((await configure("config-gc")).data).toEqual({ "retain-since-create-time": "48h" });
      const pod = { metadata: { name: "own" }, spec: { containers: [{ name: "own", image: now }] } };
      for (const [what, attempt] of Object.entries({
        "another repository's image": () => change("image", next.replace(/^[^@]*/, "evil.test/activator")),
        "another variable": () => change("env/-", { name: "MORE", value: "x" }, "add"),
        "settings that lead requests elsewhere": () => configure("config-network"),
        "all settings": () => core.listNamespacedConfigMap({ namespace }),
        "the webhook's key": () => core.readNamespacedSecret({ namespace, name: "webhook-certs" }),
        "a pod of their own": () => core.createNamespacedPod({ namespace, body: pod, dryRun: "All" }),
      }))
        await expect(attempt(), what).rejects.toMatchObject({ code: 403 });
    });

    it("is judged as a self-managed plane is, by every check that decides a promise of both", ({ skip }) => {
      const before = byChecks("self-managed");
      skip(before.size === 0, missing);
      proves(
        ["model-same-architecture"],
        "one result turned round, and one left out, are found by the same comparison",
      );
      expect(before.size).toBeGreaterThan(50);
      expect(of(before, byChecks("byoc"))).toEqual(before);
      const [one = ""] = before.keys();
      expect(new Map(before).set(one, "fail")).not.toEqual(before);
      expect(new Map([...before].slice(1))).not.toEqual(before);
    });

    it("keeps what both promise alike: encryption, roles, tenants, signed URLs and records", async ({ skip }) => {
      const before = ofCore("self-managed");
      skip(!core.every((family) => [...before.keys()].some((claim) => familyOf(claim) === family)), missing);
      proves(
        ["model-core-controls-identical"],
        "one result turned round, and one left out, are found by the same comparison",
      );
      // In a process of its own, since this one has learned of other planes before.
      const vitest = [join(checkout, "node_modules/vitest/vitest.mjs"), "run", "--project=planes", ...files.values()];
      const run = await execa(process.execPath, vitest, { cwd: checkout, reject: false, all: true });
      expect(run.exitCode, run.all).toBe(0);
      expect(of(before, ofCore("byoc"))).toEqual(before);
      const [one = ""] = before.keys();
      expect(new Map(before).set(one, "fail")).not.toEqual(before);
      expect(new Map([...before].slice(1))).not.toEqual(before);
    });
  }));
