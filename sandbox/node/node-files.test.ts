import { expect, test } from "vitest";
import { clusters, type Plane } from "../hosts.ts";
import { paths } from "../paths.ts";
import { accessKeyOf } from "./aws-profile.ts";
import { hierarchies } from "./cgroups.ts";
import { corefile } from "./dns.ts";
import { nodeLayout } from "./layout.ts";
import { trafficRules } from "./pod-traffic.ts";
import { agentArguments } from "./policy-agent.ts";

const planes = Object.keys(clusters) as Plane[];
const layouts = planes.map((plane) => nodeLayout(paths({}), plane));

test("two nodes share no folder, address, range, cgroup or kubeconfig", () => {
  const keys = ["name", "address", "endpoint", "issuer", "podRange", "serviceRange", "folder", "cgroup"] as const;
  for (const key of [...keys, "adminKubeconfig" as const, "oidcFolder" as const])
    expect(new Set(layouts.map((node) => node[key])).size).toBe(planes.length);
});

test("a state folder whose sockets would have too long a path is refused by name", () => {
  expect(() => nodeLayout(paths({ BIPLANE_STATE: `/${"x".repeat(80)}` }), "region")).toThrow(/BIPLANE_STATE/);
  expect(() => nodeLayout(paths({ BIPLANE_STATE: `/${"x".repeat(60)}` }), "region")).not.toThrow();
});

test("the node's pods and the Service kubernetes are the first of their ranges", () => {
  expect(layouts.map(({ podSubnet, kubernetesService }) => [podSubnet, kubernetesService])).toEqual([
    ["10.91.0.0/24", "10.92.0.1"],
    ["10.93.0.0/24", "10.94.0.1"],
  ]);
});

test("the agent asks for no label that differs with an attempt, and enforces what names the node's address", () => {
  const folders = { kubeconfig: "/state/agent", unified: "/sys/fs/cgroup/unified" };
  const args = layouts.map((node) => agentArguments(node, folders));
  for (const [at, node] of layouts.entries()) {
    expect(args[at]).toContain("--policy-cidr-match-mode=nodes");
    // Two agents on one machine share nothing in the kernel's file systems.
    expect(args[at]).toContain(`--bpf-root=${node.file("cilium", "bpffs")}`);
    expect(args[at]).toContain(`--ipv4-native-routing-cidr=${node.podRange}`);
  }
  const excluded = /--labels=(.*)/.exec(args[0]?.join("\n") ?? "")?.[1]?.split(" ") ?? [];
  const patterns = excluded.map((each) => new RegExp(`^${each.replace("k8s:!", "")}`));
  const named = (label: string) => patterns.some((pattern) => pattern.test(label));
  expect(["run", "action", "attempt", "task-name", "flyte.org/run", "flyte.org/action"].filter(named)).toHaveLength(6);
  expect(["running", "app.kubernetes.io/name", "io.kubernetes.pod.namespace", "biplane.dev/org"].filter(named)).toEqual(
    [],
  );
});

test("cgroup hierarchies are found on version 1, version 2 and mixed machines", () => {
  const mounts = [
    "tmpfs /sys/fs/cgroup tmpfs rw 0 0",
    "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0",
    "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0",
    "",
  ];
  expect(hierarchies(mounts.join("\n"))).toEqual([
    { folder: "/sys/fs/cgroup/memory", version: 1 },
    { folder: "/sys/fs/cgroup/unified", version: 2 },
  ]);
  expect(hierarchies("")).toEqual([]);
});

test("the DNS asks nobody outside, and the hosts file comes before the cluster", () => {
  const text = corefile({ hosts: "/state/hosts", kubeconfig: "/state/dns" });
  expect(text).not.toMatch(/forward|proxy|cache/);
  expect(text.indexOf("hosts /state/hosts")).toBeLessThan(text.indexOf("kubernetes cluster.local"));
  expect(text).toContain("fallthrough");
  expect(text).not.toContain("169.254");
});

test("the DNS of a cluster in Google Cloud knows the metadata server by its name", () => {
  const text = corefile({ hosts: "/state/hosts", kubeconfig: "/state/dns", cloud: "gcp" });
  expect(text).toMatch(/hosts \/state\/hosts \{\n {4}169\.254\.169\.254 metadata\.google\.internal\n/);
});

test("pods keep their address inside the node and take the node's towards other hosts", () => {
  const rules = trafficRules({ podRange: "10.93.0.0/16", serviceRange: "10.94.0.0/16" });
  expect(rules.match(/masquerade/g)).toHaveLength(1);
  expect(rules).toContain('ip saddr 10.93.0.0/16 oifname "eth0" masquerade');
  // And nothing for a Service leaves the node, neither of a pod's nor of its own.
  const refused = 'ip daddr 10.94.0.0/16 oifname "eth0" meta l4proto tcp reject with tcp reset';
  expect(rules.split(refused)).toHaveLength(3);
  expect(rules).toMatch(/hook forward priority filter[\s\S]*hook output priority filter/);
});

test("a key is read from its own profile only", () => {
  const file =
    "[biplane-region]\naws_access_key_id = A1\naws_secret_access_key=S1=\n\n[biplane-customer]\naws_access_key_id = A2\n";
  expect(accessKeyOf(file, "biplane-region")).toEqual({ id: "A1", secret: "S1=" });
  expect(accessKeyOf(file, "biplane-customer")).toBeUndefined();
  expect(accessKeyOf(file, "biplane")).toBeUndefined();
});
