import { IAMClient } from "@aws-sdk/client-iam";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Plane } from "../check.ts";
import { checks } from "../checks/index.ts";
import { readAccessReviews } from "../collect/access-reviews.ts";
import { collectAws } from "../collect/aws.ts";
import { collectKubernetes, listOne } from "../collect/kubernetes.ts";
import { collectAccount } from "../collect/region/account.ts";
import { collectCluster } from "../collect/region/cluster.ts";
import type { Collected, FactName } from "../facts.ts";
import { withFolder } from "../reason/testing/manifests.ts";
import { type Failure, fakeAccount, fakeCluster, kubeconfig } from "../testing/fake-account.ts";
import { goodTarget } from "../testing/good-plane.ts";
import { goodControlPlane } from "../testing/good-region.ts";
import { awsCalls, azureActions, clusterCalls, googlePermissions, rightFor } from "./calls.ts";
import { leastClusterRole, leastPolicy } from "./render.ts";

afterEach(() => vi.restoreAllMocks());

const planes: Plane[] = ["compute", "control"];
const denied: Failure = { name: "AccessDenied", message: "403: is not authorized" };

function collectAccountOf(plane: Plane): Promise<Partial<Collected>> {
  return plane === "compute" ? collectAws(goodTarget) : collectAccount(goodControlPlane);
}

async function collectClusterOf(plane: Plane): Promise<Partial<Collected>> {
  return await withFolder({ kubeconfig }, async (folder) => {
    // Read before the folder goes.
    const path = `${folder}/kubeconfig`;
    if (plane === "control") return collectCluster({ ...goodControlPlane, kubeconfig: path });
    const [lists, nodes, accessReviews] = await Promise.all([
      collectKubernetes(path),
      listOne(path, "v1", "Node"),
      readAccessReviews({ ...goodTarget, kubeconfig: path }),
    ]);
    return { ...lists, nodes, accessReviews };
  });
}

const unread = (collected: Partial<Collected>, of: object) =>
  (Object.keys(of) as FactName[]).filter((name) => !collected[name]?.read).sort();

/** Facts that need it, by the declared calls. */
const readersOf = <C>(calls: Partial<Record<FactName, readonly C[]>>, is: (call: C) => boolean) =>
  (Object.entries(calls) as [FactName, readonly C[]][])
    .filter(([, own]) => own.some(is))
    .map(([name]) => name)
    .sort();

/** Lists without a second page, and why. Source: the service's API reference. */
const answeredWhole: Record<string, string> = {
  "iam:ListAccessKeys": "a user has two at most",
  "iam:ListOpenIDConnectProviders": "the operation has no pages",
  "ec2:DescribeVpcs": "asked for one, by its id",
  "ec2:DescribeVpnConnections": "the operation has no pages",
  "logs:DescribeSubscriptionFilters": "a group has two at most",
  "cloudtrail:DescribeTrails": "the operation has no pages",
  "ec2:DescribeRegions": "the operation has no pages",
  "configservice:DescribeConfigurationRecorders": "a region has few, and they come at once",
  "configservice:DescribeConfigurationRecorderStatus": "a region has few, and they come at once",
};

describe.each(planes)("the rights to read a %s plane's account", (plane) => {
  const declared = awsCalls[plane];
  const all = [...new Set(Object.values(declared).flat())];
  const granted = new Set(leastPolicy(plane).Statement.flatMap(({ Action }) => Action));

  /** Every call that the policy does not give is refused; who one is, nobody has to be allowed to ask. */
  const enforce = (without?: string, failure = denied) =>
    fakeAccount(IAMClient.prototype, (operation, service) => {
      if (operation === "GetCallerIdentity") return undefined;
      const call = `${service}:${operation}`;
      return call === without || !granted.has(rightFor(call)) ? failure : undefined;
    });

  it("are enough: every fact is read", async () => {
    enforce();
    const collected = await collectAccountOf(plane);
    const why = Object.values(collected).flatMap((fact) => (fact.read ? [] : fact.reason));
    expect(why).toEqual([]);
    expect(unread(collected, declared)).toEqual([]);
  });

  it.each(all)("need %s: without it some facts are not read, and those are the declared ones", async (call) => {
    enforce(call);
    const lost = unread(await collectAccountOf(plane), declared);
    expect(lost).toEqual(readersOf(declared, (own) => own === call));
    expect(lost.length).toBeGreaterThan(0);
  });

  it.each<[string, Failure]>([
    ["404", { name: "NotFoundException", message: "404: no such thing" }],
    ["500", { name: "InternalFailure", message: "500: internal error" }],
    ["a timeout", { name: "TimeoutError", message: "socket timed out" }],
  ])("take %s of any call for what it is, never for an empty answer", async (_, failure) => {
    for (const call of all) {
      enforce(call, failure);
      expect(unread(await collectAccountOf(plane), declared), call).toEqual(readersOf(declared, (own) => own === call));
      vi.restoreAllMocks();
    }
  });

  it("read every list to its end: one that is cut off after its first page is not read", async () => {
    const onePage: string[] = [];
    for (const call of all) {
      fakeAccount(IAMClient.prototype, () => undefined, call);
      const lost = unread(await collectAccountOf(plane), declared);
      if (lost.length === 0) onePage.push(call);
      else expect(lost, call).toEqual(readersOf(declared, (own) => own === call));
      vi.restoreAllMocks();
    }
    const lists = onePage.filter((call) => /:(List|Lookup|Describe\w*s$)/.test(call));
    expect(lists.filter((call) => !(call in answeredWhole))).toEqual([]);
  });

  it("are those of the declared calls, and change nothing", () => {
    expect([...granted].sort()).toEqual([...new Set(all.map(rightFor))].sort());
    for (const action of granted) expect(action).toMatch(/^[a-z0-9-]+:(Get|List|Describe|Lookup)[A-Za-z]+$/);
    expect(granted).not.toContain("secretsmanager:GetSecretValue");
    expect(granted).not.toContain("s3:GetObject");
  });
});

describe.each(planes)("the rights to read a %s plane's cluster", (plane) => {
  const declared = clusterCalls[plane];
  const rules = leastClusterRole(plane).rules ?? [];
  const each = rules.flatMap(({ apiGroups = [], resources = [], verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource} ${group}`))),
  );
  const enforce = (without?: string, failure = denied) =>
    fakeCluster((verb, group, resource) => {
      const call = `${verb} ${resource} ${group}`;
      return call === without || !each.includes(call) ? failure : undefined;
    });

  it("are enough: every fact is read", async () => {
    enforce();
    expect(unread(await collectClusterOf(plane), declared)).toEqual([]);
  });

  it.each(each)("need %s: without it some facts are not read, and those are the declared ones", async (call) => {
    for (const failure of [denied, { name: "Error", message: "HTTP-Code: 500" }]) {
      enforce(call, failure);
      const lost = unread(await collectClusterOf(plane), declared);
      expect(lost).toEqual(readersOf(declared, ({ verb, resource, group }) => call === `${verb} ${resource} ${group}`));
      expect(lost.length).toBeGreaterThan(0);
      vi.restoreAllMocks();
    }
  });

  it("have no wildcard, and write nothing but questions", () => {
    expect(each.filter((call) => call.includes("*"))).toEqual([]);
    expect(each.filter((call) => !call.startsWith("list "))).toEqual(
      plane === "compute" ? ["create subjectaccessreviews authorization.k8s.io"] : [],
    );
  });
});

describe("the declared calls", () => {
  it("are for every fact but those that no cloud and no cluster is asked for, and each fact has a check that reads it", () => {
    const declared = new Set([
      ...planes.flatMap((plane) => [...Object.keys(awsCalls[plane]), ...Object.keys(clusterCalls[plane])]),
      ...Object.keys(googlePermissions),
      ...Object.keys(azureActions),
      // Names of objects, by a role of their own.
      "azureObjects",
    ]);
    const read = new Set<string>(checks.filter(({ probes }) => !probes).flatMap(({ needs }) => needs));
    const undeclared = [...read].filter((name) => !declared.has(name)).sort();
    expect(undeclared).toEqual(["regionAccessRoles", "regionClusters", "regionHosts", "regionRoles", "regionTables"]);
    expect([...declared].filter((name) => !read.has(name))).toEqual([]);
  });

  it("are narrowed to the buckets that are known", () => {
    const [, buckets] = leastPolicy("compute", ["a", "b"]).Statement;
    expect(buckets).toMatchObject({ Sid: "Buckets", Resource: ["arn:aws:s3:::a", "arn:aws:s3:::b"] });
    expect(leastPolicy("control").Statement.map(({ Sid }) => Sid)).toEqual(["Describe", "Buckets"]);
  });
});
