import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowed, ask, at, everybody, from, lets, namespace, pod, policy } from "../testing/network.ts";
import { runs } from "../testing/runs.ts";

describe("isolation", () => {
  it("nothing is denied where no policy is", () => {
    expect(ask(everybody)).toEqual({
      allowed: true,
      ingress: true,
      egress: true,
      because: ["egress: no policy isolates a/client", "ingress: no policy isolates b/server"],
    });
  });

  it.each<[string, object | null, boolean, boolean]>([
    ["rules are missing: ingress only", { podSelector: {} }, false, true],
    ["the selector is missing: every pod", {}, false, true],
    ["no spec at all", null, false, true],
    ["an empty list of egress rules is none", { podSelector: {}, egress: [] }, false, true],
    ["an egress rule isolates egress too", { podSelector: {}, egress: [{ ports: [{ port: 1 }] }] }, false, false],
    ["only what the types name", { podSelector: {}, policyTypes: ["Egress"] }, true, false],
    [
      "rules of a type that is not named count for nothing",
      { policyTypes: ["Egress"], ingress: [{}], egress: [{}] },
      true,
      true,
    ],
    ["both types", { policyTypes: ["Ingress", "Egress"] }, false, false],
    ["pods that it does not select stay open", { podSelector: { matchLabels: { app: "x" } } }, true, true],
  ])("%s", (_, spec, ingress, egress) => {
    const both = [policy("a/p", spec), policy("b/p", spec)];
    expect(ask([...everybody, ...both])).toMatchObject({ allowed: ingress && egress, ingress, egress });
  });

  it("is of the policy's own namespace", () => {
    expect(allowed([policy("c/p", { podSelector: {} })])).toBe(true);
  });

  it("is lifted by any one policy that allows", () => {
    expect(allowed([lets(), policy("b/q", { ingress: [{}] })])).toBe(true);
    expect(allowed([policy("b/q", { ingress: [{}] }), lets()])).toBe(true);
  });
});

describe("peers", () => {
  it.each<[string, object[], boolean]>([
    ["none: everybody", [lets({ from: [] })], true],
    ["null: everybody", [lets({ from: null })], true],
    ["an empty pod selector: pods of the policy's namespace", [from({ podSelector: {} })], false],
    ["an empty namespace selector: every pod", [from({ namespaceSelector: {} })], true],
    [
      "a namespace by its label",
      [namespace("a", { team: "t" }), from({ namespaceSelector: { matchLabels: { team: "t" } } })],
      true,
    ],
    [
      "another label",
      [namespace("a", { team: "u" }), from({ namespaceSelector: { matchLabels: { team: "t" } } })],
      false,
    ],
    [
      "a namespace by its name, though nobody declared it",
      [from({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "a" } } })],
      true,
    ],
    [
      "a namespace cannot call itself another",
      [
        namespace("a", { "kubernetes.io/metadata.name": "z" }),
        from({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "z" } } }),
      ],
      false,
    ],
    [
      "both selectors: both must hold",
      [from({ namespaceSelector: {}, podSelector: { matchLabels: { app: "other" } } })],
      false,
    ],
    ["and both do", [from({ namespaceSelector: {}, podSelector: { matchLabels: { app: "client" } } })], true],
    ["two peers: one must hold", [from({ podSelector: {} }, { namespaceSelector: {} })], true],
    [
      "a label among values",
      [
        from({
          namespaceSelector: {},
          podSelector: { matchExpressions: [{ key: "app", operator: "In", values: ["x", "client"] }] },
        }),
      ],
      true,
    ],
    [
      "a label that is not there is not among others",
      [
        from({
          namespaceSelector: {},
          podSelector: { matchExpressions: [{ key: "tier", operator: "NotIn", values: ["x"] }] },
        }),
      ],
      true,
    ],
    [
      "a label that exists",
      [from({ namespaceSelector: {}, podSelector: { matchExpressions: [{ key: "tier", operator: "Exists" }] } })],
      false,
    ],
    [
      "a label that does not",
      [from({ namespaceSelector: {}, podSelector: { matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] } })],
      true,
    ],
    ["a block with the pod's address", [from({ ipBlock: { cidr: "10.0.0.0/24" } })], true],
    ["a block without it", [from({ ipBlock: { cidr: "10.0.1.0/24" } })], false],
    [
      "a block that excepts it",
      [from({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.9.0.0/16", "10.0.0.1/32"] } })],
      false,
    ],
    ["a block that excepts others", [from({ ipBlock: { cidr: "0.0.0.0/0", except: ["10.9.0.0/16"] } })], true],
    ["a block of the other family", [from({ ipBlock: { cidr: "::/0" } })], false],
  ])("%s", (_, objects, expected) => {
    expect(allowed(objects)).toBe(expected);
  });

  it("in egress rules they are the destination", () => {
    const out = (to: object) => policy("a/p", { policyTypes: ["Egress"], egress: [{ to: [to] }] });
    const named = (app: string) => ({ namespaceSelector: {}, podSelector: { matchLabels: { app } } });
    expect(allowed([out(named("server"))])).toBe(true);
    expect(allowed([out(named("client"))])).toBe(false);
    expect(allowed([out({ podSelector: {} })])).toBe(false);
  });

  it("a block says nothing of a pod whose address is not known, unless another rule allows", () => {
    const noAddress = [pod("a/client"), pod("b/server")];
    const block = from({ ipBlock: { cidr: "10.0.0.0/8" } });
    expect(ask([...noAddress, block]).allowed).toBe("unknown");
    expect(
      ask([...noAddress, block, policy("b/q", { ingress: [{ from: [{ namespaceSelector: {} }] }] })]).allowed,
    ).toBe(true);
    const elsewhere = policy("b/p", {
      ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }], ports: [{ port: 81 }] }],
    });
    expect(ask([...noAddress, elsewhere]).allowed).toBe(false);
  });

  it("a block of one family says nothing of a pod of both", () => {
    const dual = { status: { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] } };
    const objects = [pod("a/client", {}, dual), pod("b/server"), from({ ipBlock: { cidr: "10.0.0.0/8" } })];
    expect(ask(objects).allowed).toBe("unknown");
    expect(ask(objects, { from: "10.0.0.1" }).allowed).toBe(true);
    expect(ask(objects, { from: "fd00::1" }).allowed).toBe(false);
  });

  it("a pod whose address, or family, is not told is judged by what holds for all of them", () => {
    const everywhere = ["0.0.0.0/0", "::/0"].map((cidr) => ({ ipBlock: { cidr } }));
    const noAddress = [pod("a/client"), pod("b/server")];
    expect(ask([...noAddress, from(...everywhere)]).allowed).toBe(true);
    expect(ask([...noAddress, lets(...everywhere.map((peer) => ({ from: [peer] })))]).allowed).toBe(true);
    const port = (number: number) => ({ ports: [{ port: number }] });
    const byFamily = lets(...everywhere.map((peer, at) => ({ from: [peer], ...port(80 + at) })));
    expect(ask([...noAddress, byFamily]).allowed).toBe("unknown");
    expect(ask([...noAddress, from(...everywhere.slice(0, 1))]).allowed).toBe("unknown");
    const dual = pod("a/client", {}, { status: { podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] } });
    const both = from({ ipBlock: { cidr: "10.0.0.0/8" } }, { ipBlock: { cidr: "fd00::/8" } });
    expect(ask([dual, pod("b/server"), both]).allowed).toBe(true);
  });

  it("both ends are of one family: what the other has decides which", () => {
    const dual = pod("a/client", {}, { status: { podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] } });
    const only6 = from({ ipBlock: { cidr: "::/0" } });
    expect(ask([dual, pod("b/server", {}, at("10.0.0.2")), only6]).allowed).toBe(false);
    expect(ask([dual, pod("b/server", {}, at("fd00::2")), only6]).allowed).toBe(true);
    expect(ask([pod("a/client"), pod("b/server", {}, at("fd00::2")), only6]).allowed).toBe(true);
  });
});

describe("ports", () => {
  const server = (...ports: object[]) =>
    pod("b/server", {}, { spec: { containers: [{ name: "a" }, { name: "c", ports }] } });
  const byPorts = (ports: unknown, query: object = {}, ...container: object[]) =>
    ask([pod("a/client"), server(...container), lets({ ports })], query).allowed;
  const http = { name: "http", containerPort: 80 };

  it.each<[string, unknown, object, boolean]>([
    ["none: every port", [], { port: 5000, protocol: "UDP" }, true],
    ["null: every port", null, {}, true],
    ["TCP where no protocol stands", [{ port: 80 }], {}, true],
    ["so UDP is another", [{ port: 80 }], { protocol: "UDP" }, false],
    ["a protocol without port", [{ protocol: "SCTP" }], { port: 9, protocol: "SCTP" }, true],
    ["another number", [{ port: 81 }], {}, false],
    ["the first of a range", [{ port: 80, endPort: 90 }], {}, true],
    ["the last of a range", [{ port: 70, endPort: 80 }], {}, true],
    ["past a range", [{ port: 70, endPort: 79 }], {}, false],
    ["one of several", [{ port: 81 }, { port: 80 }], {}, true],
  ])("%s", (_, ports, query, expected) => {
    expect(byPorts(ports, query)).toBe(expected);
  });

  it("a name is looked up at the destination, with its protocol", () => {
    expect(byPorts([{ port: "http" }], {}, http)).toBe(true);
    expect(byPorts([{ port: "http" }], { port: 81 }, http)).toBe(false);
    expect(byPorts([{ port: "http" }], {}, { ...http, protocol: "UDP" })).toBe(false);
    expect(byPorts([{ port: "http", protocol: "UDP" }], { protocol: "UDP" }, { ...http, protocol: "UDP" })).toBe(true);
    expect(byPorts([{ port: "http" }], {})).toBe(false);
  });

  it("a name in an egress rule is the destination's too, and no address has one", () => {
    const out = policy("a/p", { policyTypes: ["Egress"], egress: [{ ports: [{ port: "http" }] }] });
    const objects = [
      pod("a/client", {}, { spec: { containers: [{ name: "c", ports: [{ ...http, containerPort: 8080 }] }] } }),
      server(http),
      out,
    ];
    expect(ask(objects).allowed).toBe(true);
    expect(ask(objects, { port: 8080 }).allowed).toBe(false);
    expect(ask(objects, { to: "1.2.3.4" }).allowed).toBe(false);
  });

  it("a question may ask by name", () => {
    expect(byPorts([{ port: 80 }], { port: "http" }, http)).toBe(true);
    expect(byPorts([{ port: 80 }], { port: "80" })).toBe(true);
    expect(byPorts([{ port: 81 }], { port: "http" }, http)).toBe(false);
    expect(byPorts([{ port: 80 }], { port: "gone" }, http)).toBe("unknown");
    expect(byPorts([], { port: "http", protocol: "UDP" }, http)).toBe("unknown");
  });

  it("by a name that the destination does not have only what is denied on every port is known", () => {
    expect(byPorts([{ port: 80 }], { port: "http", protocol: "UDP" }, http)).toBe(false);
    const closed = ask([...everybody, lets()], { port: "gone" });
    expect(closed).toMatchObject({ allowed: false, ingress: false, egress: "unknown" });
    expect(ask(everybody, { port: "gone" }).allowed).toBe("unknown");
  });

  it("of two ports of one name the first counts, and the second is not known", () => {
    const two = [http, { ...http, containerPort: 8080 }];
    expect(byPorts([{ port: "http" }], {}, ...two)).toBe(true);
    expect(byPorts([{ port: "http" }], { port: 8080 }, ...two)).toBe("unknown");
    expect(byPorts([{ port: 80 }], { port: "http" }, ...two)).toBe("unknown");
    expect(byPorts([{ port: 80, endPort: 8080 }], { port: "http" }, ...two)).toBe(true);
    expect(byPorts([{ port: 81 }], { port: "http" }, ...two)).toBe(false);
  });
});

describe("ends", () => {
  it("a pod always reaches itself; two pods of one workload are two", () => {
    const closed = policy("b/p", { policyTypes: ["Ingress", "Egress"] });
    const self = { from: "b/server", to: "b/server" };
    expect(allowed([closed], self)).toBe(true);
    const workload = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "b" },
      spec: { template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c" }] } } },
    };
    expect(allowed([closed, workload], { from: "b/web", to: "b/web" })).toBe(false);
    const open = policy("b/q", { podSelector: { matchLabels: { app: "web" } }, ingress: [{}] });
    expect(allowed([lets(), open, workload], { to: "b/web" })).toBe(true);
  });

  it("an address of a pod is that pod, any other is outside", () => {
    const closed = policy("a/p", { policyTypes: ["Egress"] });
    expect(allowed([closed], { from: "10.0.0.1" })).toBe(false);
    expect(allowed([closed], { from: "10.0.0.9" })).toBe(true);
    expect(allowed([from({ namespaceSelector: {} })], { from: "10.0.0.9" })).toBe(false);
    expect(allowed([from({ ipBlock: { cidr: "10.0.0.9/32" } })], { from: "10.0.0.9" })).toBe(true);
    expect(allowed([from({ ipBlock: { cidr: "2001:db8::/32" } })], { from: "2001:db8:1::1" })).toBe(true);
  });

  it.each<[string, object, object]>([
    ["a pod that is not there", {}, { to: "b/gone" }],
    ["two addresses outside", {}, { from: "1.1.1.1", to: "8.8.8.8" }],
    [
      "an address of a service",
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "s" },
        spec: { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1"] },
      },
      { to: "10.96.0.1" },
    ],
    ["an address that two pods have", pod("c/twin", {}, at("10.0.0.2")), { to: "10.0.0.2" }],
  ])("nothing is said of %s", (_, object, query) => {
    const answer = ask("kind" in object ? [...everybody, object] : everybody, query);
    expect(answer).toMatchObject({ allowed: "unknown", ingress: "unknown", egress: "unknown" });
    expect(answer.because).toHaveLength(1);
  });

  it("what uses its node's network is held by no policy and found by no selector, but by its address", () => {
    const agent = pod(
      "a/agent",
      { app: "client" },
      { spec: { hostNetwork: true, nodeName: "n1" }, ...at("192.168.0.1") },
    );
    const server = pod("b/far", {}, { spec: { nodeName: "n2" }, ...at("10.0.0.3", { hostIP: "192.168.0.2" }) });
    const closed = policy("a/p", { policyTypes: ["Ingress", "Egress"] });
    expect(allowed([agent, closed], { from: "b/server", to: "a/agent" })).toBe(true);
    expect(allowed([agent, closed], { from: "a/agent" })).toBe(true);
    const query = { from: "a/agent", to: "b/far" };
    expect(allowed([agent, server, from({ namespaceSelector: {} })], query)).toBe(false);
    expect(allowed([agent, server, from({ ipBlock: { cidr: "192.168.0.0/24" } })], query)).toBe(true);
  });

  it("a node's addresses are told by the node, and by the pods on it", () => {
    const node = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "n1" },
      status: { addresses: [{ type: "Hostname", address: "n1" }, ...["192.168.0.1", "fd00::1"].map(inside)] },
    };
    const on = (nodeName: string) => pod("b/far", {}, { spec: { nodeName } });
    const query = { from: "192.168.0.1", to: "b/far" };
    expect(allowed([node, on("n1"), lets()], query)).toBe(true);
    expect(allowed([node, on("n1"), lets()], { ...query, from: "fd00::1" })).toBe(true);
    expect(allowed([node, on("n2"), lets()], query)).toBe(false);
    expect(allowed([node, pod("b/far"), lets()], query)).toBe("unknown");
    expect(allowed([node, pod("b/far"), lets()], { ...query, from: "192.168.0.9" })).toBe(false);
    const agent = pod("a/agent", {}, { spec: { hostNetwork: true, nodeName: "n1" } });
    expect(allowed([agent, on("n1"), lets()], query)).toBe(false);
    expect(allowed([{ ...agent, ...at("192.168.0.1") }, on("n1"), lets()], query)).toBe(true);
    const byBlock = from({ ipBlock: { cidr: "192.168.0.0/24" } }, { ipBlock: { cidr: "fd00::/8" } });
    expect(allowed([node, agent, on("n2"), byBlock], { from: "a/agent", to: "b/far" })).toBe(true);

    function inside(address: string) {
      return { type: "InternalIP", address };
    }
  });

  it("the pods of a StatefulSet have names, and labels by them, before they are there", () => {
    const set = {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "db", namespace: "b" },
      spec: { replicas: 2, template: { metadata: { labels: { app: "db" } }, spec: { containers: [{ name: "c" }] } } },
    };
    const first = { "statefulset.kubernetes.io/pod-name": "db-0" };
    const objects = [set, policy("b/q", { podSelector: { matchLabels: first }, ingress: [] })];
    expect(allowed(objects, { to: "b/db-0" })).toBe(false);
    expect(allowed(objects, { to: "b/db-1" })).toBe(true);
    expect(allowed(objects, { to: "b/db" })).toBe("unknown");
    expect(allowed(objects, { to: "b/db-2" })).toBe("unknown");
    expect(allowed(objects, { from: "b/db-0", to: "b/db-0" })).toBe(true);
    expect(allowed([...objects, pod("b/db-0")], { to: "b/db-0" })).toBe(true);
    const later = { ...set, spec: { ...set.spec, replicas: null, ordinals: { start: 5 } } };
    expect(allowed([later], { to: "b/db-5" })).toBe(true);
    expect(allowed([later], { to: "b/db-0" })).toBe("unknown");
  });

  it("a port's name on a node's network is the plugin's to say", () => {
    const ports = [{ name: "http", containerPort: 80 }];
    const agent = pod(
      "b/agent",
      {},
      { spec: { hostNetwork: true, nodeName: "n1", containers: [{ name: "c", ports }] } },
    );
    const far = pod("a/far", {}, { spec: { nodeName: "n2" } });
    const out = policy("a/p", { policyTypes: ["Egress"], egress: [{ ports: [{ port: "http" }] }] });
    const query = { from: "a/far", to: "b/agent" };
    expect(allowed([agent, far, out], query)).toBe("unknown");
    expect(allowed([agent, far, out], { ...query, port: 81 })).toBe(false);
  });

  it("a pod cannot shut out its own node; where nobody says which nodes they are on, nothing is said", () => {
    const server = pod("b/near", {}, { spec: { nodeName: "n1" }, ...at("10.0.0.3", { hostIP: "192.168.0.1" }) });
    const agent = (spec: object) => pod("a/agent", {}, { spec: { hostNetwork: true, ...spec } });
    const query = { from: "a/agent", to: "b/near" };
    expect(allowed([server, agent({ nodeName: "n1" }), lets()], query)).toBe(true);
    expect(allowed([server, agent({ nodeName: "n2" }), lets()], query)).toBe(false);
    expect(allowed([server, agent({}), lets()], query)).toBe("unknown");
    expect(allowed([server, lets()], { from: "192.168.0.1", to: "b/near" })).toBe(true);
    expect(allowed([server, lets()], { from: "192.168.0.2", to: "b/near" })).toBe(false);
  });
});

describe("for any pods and policies", () => {
  const labels = fc.constantFrom<object>({}, { app: "x" }, { app: "y" });
  const selector = fc.constantFrom<object>(
    {},
    { matchLabels: { app: "x" } },
    { matchExpressions: [{ key: "app", operator: "NotIn", values: ["x"] }] },
  );
  const peer = fc.oneof(
    fc.record({ podSelector: selector }),
    fc.record({ namespaceSelector: selector, podSelector: selector }),
    fc.constantFrom({ ipBlock: { cidr: "10.0.0.0/30" } }, { ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/31"] } }),
  );
  const rule = (peers: "from" | "to") =>
    fc.record({
      [peers]: fc.array(peer, { maxLength: 2 }),
      ports: fc.array(fc.constantFrom({ port: 80 }, { port: 70, endPort: 85 }, { protocol: "UDP" }), { maxLength: 2 }),
    });
  const spec = fc.record({
    podSelector: selector,
    policyTypes: fc.subarray(["Ingress", "Egress"]),
    ingress: fc.array(rule("from"), { maxLength: 2 }),
    egress: fc.array(rule("to"), { maxLength: 2 }),
  });
  const world = fc.record({
    pods: fc.array(fc.tuple(fc.constantFrom("a", "b"), labels, fc.boolean()), { minLength: 2, maxLength: 4 }),
    policies: fc.array(fc.tuple(fc.constantFrom("a", "b"), spec), { maxLength: 4 }),
  });
  type World = typeof world extends fc.Arbitrary<infer T> ? T : never;
  const objectsOf = ({ pods, policies }: World, rename = (name: string) => name) => [
    namespace(rename("a"), { app: "x" }),
    ...pods.map(([home, own, known], n) =>
      pod(`${rename(home)}/${rename(`p${n}`)}`, own, known ? at(`10.0.0.${n}`) : {}),
    ),
    ...policies.map(([home, given], n) => policy(`${rename(home)}/${rename(`n${n}`)}`, given)),
  ];
  const asked = fc.record({ port: fc.constantFrom(80, 90), protocol: fc.constantFrom("TCP", "UDP") });
  const between = ({ pods }: World, rename = (name: string) => name) => ({
    from: `${rename(pods[0]?.[0] ?? "")}/${rename("p0")}`,
    to: `${rename(pods[1]?.[0] ?? "")}/${rename("p1")}`,
  });

  it("one more policy never opens a pod that is isolated, but by what it allows itself", () => {
    fc.assert(
      fc.property(world, asked, fc.constantFrom("a", "b"), selector, (given, query, home, podSelector) => {
        const before = ask(objectsOf(given), { ...query, ...between(given) });
        const closes = policy(`${home}/more`, { podSelector, policyTypes: ["Ingress", "Egress"] });
        const after = ask([...objectsOf(given), closes], { ...query, ...between(given) });
        for (const side of ["allowed", "ingress", "egress"] as const) {
          if (before[side] === false) expect(after[side]).toBe(false);
          if (before[side] === "unknown") expect(after[side]).not.toBe(true);
        }
      }),
      runs(300),
    );
  });

  it("other names of namespaces, pods and policies, and another order, change nothing", () => {
    fc.assert(
      fc.property(world, asked, (given, query) => {
        const rename = (name: string) => `z${name}`;
        const before = ask(objectsOf(given), { ...query, ...between(given) });
        const after = ask(objectsOf(given, rename).reverse(), { ...query, ...between(given, rename) });
        expect({ ...after, because: [] }).toEqual({ ...before, because: [] });
      }),
      runs(300),
    );
  });

  it("an address that is told never turns a yes into a no", () => {
    fc.assert(
      fc.property(world, asked, fc.boolean(), (given, query, known) => {
        const told = { ...given, pods: given.pods.map(([home, own]): World["pods"][number] => [home, own, known]) };
        const untold = { ...given, pods: given.pods.map(([home, own]): World["pods"][number] => [home, own, false]) };
        const answer = ask(objectsOf(untold), { ...query, ...between(given) }).allowed;
        if (answer !== "unknown") expect(ask(objectsOf(told), { ...query, ...between(given) }).allowed).toBe(answer);
      }),
      runs(300),
    );
  });
});
