import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../shared/errors.ts";
import { tokenServiceHosts } from "../dns.ts";
import { chooseClusters, recordChoice } from "./index.ts";
import { readRecord } from "./record.ts";
import { type FakeCluster, goodCluster, kubeconfigOf, workshop } from "./testing/fake-cluster.ts";

let shop = workshop();
const shops = [shop];
beforeEach(() => {
  shop = workshop();
  shops.push(shop);
});
afterAll(() => {
  for (const each of shops) each.close();
});

/** What a person reads, when exit code 3 and nothing made are sure. */
async function refusalOf(kubeconfigs: Parameters<typeof chooseClusters>[1]): Promise<string> {
  const error: unknown = await chooseClusters(shop.paths, kubeconfigs).catch((thrown: unknown) => thrown);
  if (!(error instanceof UserError)) throw error;
  expect(error.exitCode).toBe(3);
  expect(existsSync(join(shop.paths.state, "given-clusters.json"))).toBe(false);
  return error.message;
}

async function refusalBy(changes: Partial<FakeCluster>): Promise<string> {
  const { kubeconfig } = await shop.serve("customer", goodCluster(changes));
  return refusalOf({ customer: kubeconfig });
}

describe("a kubeconfig", () => {
  test("that does not exist is refused by its option and name", async () => {
    expect(await refusalOf({ region: "/nowhere/config" })).toMatch(
      /^--kubeconfig-region is "\/nowhere\/config"; allowed: a kubeconfig file that exists/,
    );
  });

  test.each([
    ["text", "no kubeconfig at all"],
    ["broken YAML", "a: [1\nb: *secret"],
    ["another document", "kind: Pod"],
    ["nothing", ""],
  ])("that is %s is refused, and not quoted", async (_, content) => {
    const message = await refusalOf({ customer: shop.file("config", content) });
    expect(message).toMatch(/allowed: a kubeconfig \(YAML or JSON with clusters, users and contexts\)/);
    expect(message).not.toContain("secret");
  });

  test.each([
    [
      "no current context",
      { "current-context": undefined },
      /current-context is missing; allowed: one of its contexts \(x\)/,
    ],
    ["a context that is not there", { "current-context": "y" }, /current-context is "y"; allowed: one of its contexts/],
    ["a context without its cluster", { clusters: [] }, /is "no cluster"; allowed: a context whose cluster/],
    ["a context without its user", { users: [] }, /is "no user"; allowed: a context whose user/],
  ])("with %s is refused", async (_, changes, message) => {
    const content = { ...JSON.parse(kubeconfigOf("https://127.0.0.1:1", {})), ...changes };
    expect(await refusalOf({ customer: shop.file("config", JSON.stringify(content)) })).toMatch(message);
  });

  test("that leads to plain http is refused", async () => {
    const file = shop.file("config", kubeconfigOf("http://127.0.0.1:1", {}));
    expect(await refusalOf({ customer: file })).toMatch(/server is "http:\/\/127\.0\.0\.1:1"; allowed: an https URL/);
  });

  test("whose credential command fails is refused with what the command said", async () => {
    const exec = { command: "sh", args: ["-c", "echo log in first >&2; exit 1"], apiVersion: "x" };
    const file = shop.file("config", kubeconfigOf("https://127.0.0.1:1", { exec }));
    expect(await refusalOf({ customer: file })).toMatch(/the credential command sh failed: log in first/);
  });

  test("whose credentials are not accepted is refused", async () => {
    const { url, ca } = await shop.serve("customer", goodCluster());
    const file = shop.file("config", kubeconfigOf(url, { token: "another" }, ca));
    const message = await refusalOf({ customer: file });
    expect(message).toMatch(/does not accept the kubeconfig's credentials/);
    expect(message).not.toContain("another");
  });
});

describe("a cluster", () => {
  test("that does not answer is refused by its address", async () => {
    const file = shop.file("config", kubeconfigOf("https://127.0.0.1:1", { token: "t" }));
    expect(await refusalOf({ customer: file })).toMatch(
      /the cluster at https:\/\/127\.0\.0\.1:1 does not answer .*ECONNREFUSED/,
    );
  });

  test("whose certificate its kubeconfig does not know is refused", async () => {
    const { url } = await shop.serve("customer", goodCluster());
    const file = shop.file("config", kubeconfigOf(url, { token: "t" }));
    expect(await refusalOf({ customer: file })).toMatch(/does not answer .*certificate/);
  });

  test.each<[string, Partial<FakeCluster>, RegExp]>([
    ["too old", { minor: "29" }, /Kubernetes is v1\.29\.2; allowed: 1\.30 or newer/],
    [
      "of another architecture",
      { architecture: "s390x" },
      /cannot run this machine's images, which are \w+: node-1 \(s390x\)/,
    ],
    ["full", { allocatable: { cpu: "500m", memory: "8Gi", pods: "110" } }, /0\.5 CPUs are free; allowed: 1 or more/],
    ["without an issuer by URL", { issuer: "kubernetes/serviceaccount" }, /service account issuer is "kubernetes/],
    [
      "in which its user may not do what is needed",
      { forbidden: ["customresourcedefinitions", "namespaces"] },
      /may not: get namespaces.*create customresourcedefinitions\.apiextensions\.k8s\.io.*cluster-admin/,
    ],
    [
      "that has our names already",
      { present: ["/api/v1/namespaces/union"] },
      /already what the run would make.*Namespace union\. .*kubectl --kubeconfig \S+ delete --ignore-not-found namespace\/union/,
    ],
  ])("%s is refused", async (_, changes, message) => {
    expect(await refusalBy(changes)).toMatch(message);
  });

  test("is told all that is wrong with it at once", async () => {
    expect((await refusalBy({ minor: "20", issuer: "none", architecture: "s390x" })).match(/^- /gm)).toHaveLength(3);
  });

  test("cannot carry both planes, whatever files lead there", async () => {
    const one = await shop.serve("region", goodCluster());
    const other = await shop.serve("customer", goodCluster());
    expect(await refusalOf({ region: one.kubeconfig, customer: other.kubeconfig })).toMatch(
      /--kubeconfig-region and --kubeconfig-customer is "one and the same cluster"/,
    );
  });
});

describe("a run", () => {
  test("goes on with the cluster that it has begun with, and finds its own things there", async () => {
    const cluster = goodCluster();
    const { kubeconfig, url } = await shop.serve("customer", cluster);
    recordChoice(shop.paths, await chooseClusters(shop.paths, { customer: kubeconfig }));
    expect(readRecord(shop.paths)).toEqual({ customer: { kubeconfig, context: "x", server: url, uid: "cluster-1" } });
    cluster.present = ["/api/v1/namespaces/union"];
    cluster.allocatable = { cpu: "0", memory: "0", pods: "0" };
    expect((await chooseClusters(shop.paths, {})).customer?.survey.uid).toBe("cluster-1");
  });

  test("does not go on in another cluster, nor change one of its own for a given one", async () => {
    const cluster = goodCluster();
    const { kubeconfig } = await shop.serve("customer", cluster);
    recordChoice(shop.paths, await chooseClusters(shop.paths, { customer: kubeconfig }));
    cluster.uid = "cluster-2";
    await expect(chooseClusters(shop.paths, {})).rejects.toThrow(/what this run has begun with: the cluster at/);
    await expect(chooseClusters(shop.paths, { region: kubeconfig })).rejects.toThrow(
      /--kubeconfig-region is .*begun with: a node of its own\. Run \.\/biplane down first/,
    );
  });

  test("that is older than this choice has nodes of its own", async () => {
    mkdirSync(shop.paths.state, { recursive: true });
    writeFileSync(join(shop.paths.state, "env.json"), "{}");
    const { kubeconfig } = await shop.serve("customer", goodCluster());
    expect(await chooseClusters(shop.paths, {})).toEqual({});
    expect(await refusalOf({ customer: kubeconfig })).toMatch(/a node of its own/);
  });

  test("keeps of a kubeconfig where it lies, and nothing that is in it", async () => {
    const { kubeconfig } = await shop.serve("customer", goodCluster());
    recordChoice(shop.paths, await chooseClusters(shop.paths, { customer: kubeconfig }));
    const record = join(shop.paths.state, "given-clusters.json");
    expect(readFileSync(record, "utf8")).not.toContain("owners-token");
    expect(statSync(record).mode & 0o777).toBe(0o600);
  });

  test("tells the given cluster's issuer to the token service alone", async () => {
    const { kubeconfig } = await shop.serve("customer", goodCluster());
    expect(tokenServiceHosts(shop.paths)).toBeUndefined();
    recordChoice(shop.paths, await chooseClusters(shop.paths, { customer: kubeconfig }));
    expect(readFileSync(tokenServiceHosts(shop.paths) ?? "", "utf8")).toContain(
      "198.18.0.31 kubernetes.default.svc.cluster.local",
    );
  });
});
