import { expect, test } from "vitest";
import type { Backends, Ingress, IngressPath } from "./ingress.ts";
import { renderRouting } from "./routes.ts";

const split = (serviceName: string, percent: number) => ({
  ...{ serviceNamespace: "demo-development", serviceName, servicePort: 80, percent },
  appendHeaders: { "Knative-Serving-Revision": serviceName },
});
const host = "hello-demo-development.apps.test";

function ingress(name: string, paths: IngressPath[], created = "2026-01-01T00:00:00Z"): Ingress {
  return {
    metadata: { name, namespace: "demo-development", creationTimestamp: new Date(created) },
    spec: {
      rules: [
        { hosts: [host], visibility: "ExternalIP", http: { paths } },
        { hosts: ["hello.demo-development"], visibility: "ClusterLocal", http: { paths } },
      ],
    },
  };
}

const backends = (port = "http"): Backends => ({
  service: () => ({ spec: { ports: [{ name: port, port: 80 }] } }),
  slices: (_, name) => [
    {
      addressType: "IPv4",
      ports: [
        { name: "other", port: 1 },
        { name: port, port: 8012 },
      ],
      endpoints: [
        { addresses: [name === "hello-00001" ? "10.0.0.1" : "10.0.0.2"], conditions: { ready: true } },
        { addresses: ["10.0.0.9"], conditions: { ready: false } },
      ],
    },
  ],
});

const json = (value: unknown) => JSON.stringify(value);

test("an app is reached by its host through the gate, and by its name within the cluster alone", () => {
  const { routes } = renderRouting([ingress("hello", [{ splits: [split("hello-00001", 100)] }])], backends());
  expect(json(routes.public)).toContain(`"domains":["${host}","${host}:*"]`);
  expect(json(routes.public)).not.toContain("hello.demo-development");
  expect(json(routes.internal)).toContain('"domains":["hello.demo-development","hello.demo-development:*"]');
  expect(json(routes.internal)).toContain(host);
});

test("requests are split by percent, each with its revision's own headers, whatever the caller sent by these names", () => {
  const paths = [{ splits: [split("hello-00001", 90), split("hello-00002", 10), split("hello-00003", 0)] }];
  const { routes } = renderRouting([ingress("hello", paths)], backends());
  const [virtual] = (routes.public as { virtual_hosts: { routes: { route: object }[] }[] }).virtual_hosts;
  const header = (value: string) => ({
    header: { key: "Knative-Serving-Revision", value },
    append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
  });
  expect(virtual?.routes[0]?.route).toMatchObject({
    weighted_clusters: {
      clusters: [
        { name: "demo-development/hello-00001/80", weight: 90, request_headers_to_add: [header("hello-00001")] },
        { name: "demo-development/hello-00002/80", weight: 10, request_headers_to_add: [header("hello-00002")] },
      ],
    },
  });
});

test("a cluster is what Knative has put behind the revision's Service and is ready, by that Service's port", () => {
  const one = ingress("hello", [{ splits: [split("hello-00001", 100)] }]);
  const [cluster] = renderRouting([one], backends()).clusters;
  expect(json(cluster)).toContain('{"address":"10.0.0.1","port_value":8012}');
  expect(json(cluster)).not.toContain("10.0.0.9");
  expect(json(cluster)).not.toContain("http2_protocol_options");
  expect(json(renderRouting([one], backends("http2")).clusters)).toContain("http2_protocol_options");
});

test("a host that two ingresses name is the older one's: Envoy would take neither", () => {
  const older = ingress("older", [{ splits: [split("hello-00001", 100)] }]);
  const newer = ingress("newer", [{ splits: [split("hello-00002", 100)] }], "2026-02-01T00:00:00Z");
  for (const order of [
    [older, newer],
    [newer, older],
  ]) {
    const { routes } = renderRouting(order, backends());
    expect(json(routes.public)).toContain("hello-00001");
    expect(json(routes.public)).not.toContain("hello-00002");
  }
});
