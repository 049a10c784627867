import { V1Container, V1PodSpec } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { checkManagement, managementLevels, planManagement, rightsByPlace, rightsOf, writesOf } from "./management.ts";
import { ManagementAccess } from "./management-access.ts";
import { keptOfContainers, keptOfPods } from "./management-serving.ts";
import { describeResidual, powers, residualOf } from "./residual.ts";

const rules = managementLevels.flatMap((level) => rightsOf(level).flatMap((right) => right.rules));

describe("what the vendor's managers may do", () => {
  it("names no wildcard, no Secret, no ConfigMap, no TaskAction and no session at any level", () => {
    const text = JSON.stringify(rules);
    for (const never of [
      "*",
      "secrets",
      "configmaps",
      "taskactions",
      "pods/exec",
      "pods/attach",
      "serviceaccounts/token",
    ]) {
      expect(text).not.toContain(`"${never}"`);
    }
    for (const verb of ["impersonate", "escalate", "bind", "deletecollection"]) expect(text).not.toContain(`"${verb}"`);
  });

  it("grows from level to level, and writes nothing at the first", () => {
    const own = /^authentication|^authorization/;
    const writes = managementLevels.map((level) => writesOf(level).filter((write) => !own.test(write)));
    expect(writes).toEqual([
      [],
      ["/nodes:UPDATE", "/pods/eviction:CREATE", "apps/deployments/scale:UPDATE", "apps/deployments:UPDATE"],
      [
        "/nodes:DELETE",
        "/nodes:UPDATE",
        "/pods/eviction:CREATE",
        "/pods:DELETE",
        "apps/deployments/scale:UPDATE",
        "apps/deployments:UPDATE",
      ],
    ]);
  });

  it("reads logs in the platform's namespace only", () => {
    const logs = rightsOf("full").filter((right) => JSON.stringify(right.rules).includes("pods/log"));
    expect(logs.map(({ where }) => where)).toEqual(["platform"]);
  });

  it("is given to the group of the access entries, in the whole cluster and in the platform's namespace", async () => {
    const made = await recordResources(
      () => new ManagementAccess("managers", { group: "biplane:managers", level: "read-only", namespace: "union" }),
    );
    const bound = made.all.filter(({ type }) => type.endsWith("Binding"));
    expect(bound.map(({ name }) => name)).toEqual(["managers", "managers"]);
    for (const { inputs } of bound) {
      expect(inputs.subjects).toEqual([
        { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "biplane:managers" },
      ]);
    }
    expect(made.one("kubernetes:rbac.authorization.k8s.io/v1:Role").inputs.rules).toEqual([
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
    ]);
  });
});

describe("managers of a cluster whose users are service accounts", () => {
  const user = "biplane-main-management@acme-data.iam.gserviceaccount.com";

  it("are bound by name, in the whole cluster and in the platform's namespace", async () => {
    const made = await recordResources(
      () => new ManagementAccess("managers", { user, level: "no-delete", namespace: "union" }),
    );
    const bound = made.all.filter(({ type }) => type.endsWith("Binding"));
    const subjects = [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: user }];
    expect(bound.map(({ inputs }) => inputs.subjects)).toEqual([subjects, subjects]);
  });

  it("are held to their level by the name that they come by", () => {
    expect(planManagement({ user, level: "no-delete" }, { namespace: "union" }).conditions).toEqual([
      { name: "by-a-manager", expression: `request.userInfo.username == "${user}"` },
    ]);
  });

  it.each(["somebody@example.com", "system:admin", "ab@p.iam.gserviceaccount.com", ""])("are never %o", (name) => {
    expect(() => checkManagement({ user: name, level: "full" })).toThrow(/^management\.user is /);
  });
});

describe("what serves apps", () => {
  const homes = { serving: "knative-serving", gateway: "kourier-system" };
  const inServing = (level: (typeof managementLevels)[number]) =>
    rightsByPlace(level, { platform: "union", ...homes }).filter(({ where }) => where in homes);

  it("is theirs where apps are served alone, and not where they look only", () => {
    expect(rightsByPlace("full", { platform: "union" }).map(({ namespace }) => namespace)).toEqual([
      undefined,
      "union",
    ]);
    expect(inServing("read-only")).toEqual([]);
    expect(inServing("no-delete").map(({ namespace }) => namespace)).toEqual(Object.values(homes));
  });

  it("is changed by name: programs, and settings that lead to no data", () => {
    for (const { rules: own } of inServing("full")) {
      for (const { resources, resourceNames = [], verbs } of own) {
        if (resources.join() === "pods") expect(verbs).toEqual(["delete"]);
        else expect(resourceNames.length, resources.join()).toBeGreaterThan(0);
        expect(resources.filter((one) => !/^(configmaps|pods|deployments(\/scale)?)$/.test(one))).toEqual([]);
        expect(verbs.filter((verb) => ["create", "list", "*"].includes(verb))).toEqual([]);
      }
    }
    const text = JSON.stringify(inServing("full"));
    for (const never of ["config-network", "config-observability", "config-features", "config-domain", "bootstrap"])
      expect(text).not.toContain(never);
  });

  it("brings a Role and its binding in each of its namespaces, and none where there are none", async () => {
    const managers = { group: "biplane:managers", level: "no-delete", namespace: "union" } as const;
    const made = await recordResources(() => new ManagementAccess("managers", { ...managers, serving: homes }));
    for (const kind of ["Role", "RoleBinding"]) {
      const found = made.of(`kubernetes:rbac.authorization.k8s.io/v1:${kind}`);
      const places = found.map(({ inputs }) => (inputs.metadata as { namespace: string }).namespace);
      expect(places.sort()).toEqual([...Object.values(homes), "union"]);
    }
  });

  it("keeps every field of a pod and a container that Kubernetes knows, but those by which a release is another", () => {
    const known = (of: { getAttributeTypeMap(): { baseName: string }[] }) =>
      of.getAttributeTypeMap().map(({ baseName }) => baseName);
    const open = (of: Parameters<typeof known>[0], kept: readonly string[]) =>
      known(of).filter((field) => !kept.includes(field));
    expect(open(V1PodSpec, keptOfPods).sort()).toEqual(["containers", "resources"]);
    expect(open(V1Container, keptOfContainers).sort()).toEqual(["image", "name", "resources"]);
    const fences = (servesApps: boolean) =>
      planManagement({ ...managed, level: "full" }, { namespace: "union", servesApps });
    const managed = { group: "biplane:managers" };
    expect(JSON.stringify(fences(true))).toContain("knative-serving");
    expect(JSON.stringify(fences(false))).not.toMatch(/knative|kourier|configmaps/);
  });

  it("is told among what stays open", () => {
    const told = (servesApps: boolean) => residualOf("no-delete", { servesApps }).open.join();
    expect(told(true)).toContain("who writes there what these are runs code that every app's requests pass");
    expect(told(true)).toContain("change ConfigMaps: how every app is scaled");
    expect(told(false)).not.toMatch(/Knative|ConfigMaps/);
  });
});

describe("residualOf", () => {
  it.each([false, true])("judges every power, once, whether apps are served: %s", (servesApps) => {
    for (const level of managementLevels) {
      const { open, closed } = residualOf(level, { servesApps });
      expect(open.length + closed.length).toBe(powers.length);
    }
  });

  it("tells what stays open at each level", () => {
    const open = (level: (typeof managementLevels)[number]) => residualOf(level).open.map((line) => line.split(":")[0]);
    const seen = ["read pods' specifications", "read the platform's logs"];
    expect(open("read-only")).toEqual(seen);
    expect(open("no-delete")).toEqual(["change Deployments", ...seen, "change nodes", "stop pods"]);
    expect(open("full")).toEqual(open("no-delete"));
  });

  it("says which wall holds: reads by RBAC alone, writes by both", () => {
    const by = Object.fromEntries(residualOf("full").closed.map((wall) => [wall.power, wall.by]));
    expect(by["read Secrets"]).toEqual(["RBAC"]);
    expect(by["take admission policies away"]).toEqual(["RBAC"]);
    expect(by["act as somebody else"]).toEqual(["RBAC"]);
    expect(by["open a session in a container"]).toEqual(["RBAC", "admission"]);
    expect(by["run a container of their own"]).toEqual(["RBAC", "admission"]);
    expect(by["mint a token of an account"]).toEqual(["RBAC", "admission"]);
  });

  it("becomes lines for people, with what no cluster can decide about itself", () => {
    const lines = describeResidual(residualOf("read-only"));
    expect(lines[0]).toBe("A cluster manager of the vendor (level read-only) can still:");
    expect(lines).toContain("  - read Secrets (RBAC)");
    expect(lines.filter((line) => line.includes("access entries"))).toHaveLength(1);
  });
});
