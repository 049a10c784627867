import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { listenersOf } from "./listeners.ts";

const health = { name: "health", containerPort: 9090 };
const probe = (scheme?: string, port: number | string = "health") => ({
  httpGet: { path: "/", port: port as never, scheme },
});

function pod(container: Partial<V1Container>, { ready = true, started = true } = {}): V1Pod {
  return {
    metadata: { namespace: "union", name: "runs-x" },
    spec: { containers: [{ name: "runs", ports: [health], ...container }] },
    status: {
      containerStatuses: [{ name: "runs", ready, started, image: "", imageID: "", restartCount: 0 }],
    },
  };
}

describe("how a kubelet speaks with a port", () => {
  it.each<[string, Partial<V1Container>, string]>([
    ["a probe by HTTPS, by the port's name", { livenessProbe: probe("HTTPS") }, "by TLS"],
    ["a probe by HTTPS, by its number", { readinessProbe: probe("HTTPS", 9090) }, "by TLS"],
    ["a probe that names no scheme", { livenessProbe: probe() }, "in clear"],
    ["one of three probes in clear", { livenessProbe: probe("HTTPS"), startupProbe: probe("HTTP") }, "in clear"],
    ["a probe of another port", { livenessProbe: probe("HTTPS", 8080) }, "not at all"],
    ["a probe that only connects", { livenessProbe: { tcpSocket: { port: 9090 as never } } }, "not at all"],
    ["no probe", {}, "not at all"],
  ])("is told by %s", (_, container, kubelet) => {
    expect(listenersOf(pod(container))).toMatchObject([{ pod: "union/runs-x", port: 9090, kubelet }]);
  });

  it.each([{ ready: false }, { started: false }])("is not known while it was not answered: %o", (state) => {
    expect(listenersOf(pod({ livenessProbe: probe("HTTPS") }, state))[0]?.kubelet).toBe("not at all");
  });
});

it.each<[string, Partial<V1Container>, boolean]>([
  ["by its folder", { env: [{ name: "SERVICE_TLS_FOLDER", value: "/etc" }] }, true],
  ["by the store's file", { args: ["--web.config.file=/etc/web.yml"] }, true],
  ["by none of them", { env: [{ name: "TLS", value: "yes" }], args: ["--config.file=x"] }, false],
])("knows a program that was given a certificate: %s", (_, container, given) => {
  expect(listenersOf(pod(container))[0]?.givenCertificate).toBe(given);
});

it("leaves out what is no TCP", () => {
  expect(listenersOf(pod({ ports: [{ containerPort: 53, protocol: "UDP" }, health] }))).toHaveLength(1);
});
