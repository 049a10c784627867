import { createClient, createRouterTransport } from "@connectrpc/connect";
import type { V1Pod } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";
import { LogService, Originator } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { authInterceptor } from "../../shared/auth/interceptor.ts";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import { unrecorded } from "../../shared/testing/audit.ts";
import { byRole } from "../../shared/testing/authorizer.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { type TestIssuer, testIssuer } from "../../shared/testing/issuer.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import type { AppPlace, AppPods } from "./app-pods.ts";
import type { PodPlace } from "./attempt-pod.ts";
import { logService } from "./service.ts";
import type { PodLogs } from "./tail.ts";
import { memoryStore } from "./testing/memory-store.ts";

const action = { org: "acme", project: "demo", domain: "development", run: "r1", action: "a0", attempt: 2 };
let issuer: TestIssuer;
const asked: PodPlace[] = [];
const store = memoryStore();
const followedSince: (string | undefined)[] = [];

const logs: PodLogs = {
  async readPod(place) {
    asked.push(place);
    if (place.pod.startsWith("web-")) return replicas.find(({ metadata }) => metadata?.name === place.pod);
    if (place.pod !== "r1-a0-1") return undefined;
    const labels = {
      "biplane.dev/org": "acme",
      "flyte.org/project": "demo",
      "flyte.org/domain": "development",
      "flyte.org/run": "r1",
      "flyte.org/action": "a0",
    };
    const state = { terminated: { exitCode: 0 } };
    return {
      metadata: { labels, annotations: { "biplane.dev/primary-container": "main" } },
      spec: { containers: [{ name: "main" }, { name: "side" }] },
      status: {
        containerStatuses: ["main", "side"].map((name) => {
          return { name, state, image: "", imageID: "", ready: false, restartCount: 0 };
        }),
      },
    };
  },
  async *follow(place, container, since) {
    followedSince.push(since);
    yield Buffer.from(`2026-11-22T17:00:00.000000001Z said by ${container} of ${place.namespace}/${place.pod}\n`);
  },
  async *before() {},
};

const replica = (name: string, label: Record<string, string> = {}): V1Pod => ({
  metadata: {
    ...{ name, namespace: "demo-development" },
    labels: {
      ...{ "biplane.dev/org": "acme", "biplane.dev/project": "demo", "biplane.dev/domain": "development" },
      ...{ "biplane.dev/app": "web", "serving.knative.dev/revision": "web-00001", ...label },
    },
  },
  spec: { containers: [{ name: "queue-proxy" }, { name: "app" }] },
  status: {
    containerStatuses: [
      {
        ...{ name: "app", state: { terminated: { exitCode: 0 } }, image: "", imageID: "" },
        ...{ ready: false, restartCount: 0 },
      },
    ],
  },
});
const { "serving.knative.dev/revision": _, ...noRevision } = replica("").metadata?.labels ?? {};
const replicas = [
  replica("web-1"),
  replica("web-2"),
  replica("web-3", { "biplane.dev/org": "globex" }),
  { ...replica("web-4"), metadata: { name: "web-4", namespace: "demo-development", labels: noRevision } },
];
const listed: AppPlace[] = [];
const apps: AppPods = {
  async list(place) {
    listed.push(place);
    return place.app === "web" ? replicas : [];
  },
};

beforeAll(async () => {
  issuer = await testIssuer();
});

function client() {
  const projects = new Map([
    ["demo-development", { project: "demo", domain: "development" }],
    ["demo-x-y", { project: "demo", domain: "x-y" }],
  ]);
  const service = logService({ logs, apps, org: "acme", projects, store, log: recordingLog().log });
  const interceptors = [
    authInterceptor({ verify: tokenVerifier([issuer.trusted]), authorize: byRole, audit: unrecorded }),
  ];
  return createClient(
    LogService,
    createRouterTransport((router) => void router.service(LogService, service), { router: { interceptors } }),
  );
}

async function saidByApp(request: object = {}, claims: Record<string, unknown> | null = {}) {
  const headers: Record<string, string> = claims ? { authorization: `Bearer ${await issuer.token(claims)}` } : {};
  const all = [];
  const asked = { org: "acme", project: "demo", domain: "development", app: "web", ...request };
  for await (const answer of client().tailAppLogs(asked, { headers })) all.push(...answer.replicas);
  return all.flatMap(({ replica: name, lines: told }) => told.map(({ message }) => `${name}: ${message}`));
}

async function lines(request: object = {}, claims: Record<string, unknown> | null = {}) {
  const headers: Record<string, string> = claims ? { authorization: `Bearer ${await issuer.token(claims)}` } : {};
  const all = [];
  for await (const answer of client().tailLogs({ ...action, ...request }, { headers })) all.push(...answer.lines);
  return all;
}

describe("TailLogs", () => {
  it("tells the lines of the attempt's own pod, to a viewer too", async () => {
    expect(await lines({}, { role: "viewer" })).toMatchObject([
      {
        timestamp: { nanos: 1 },
        message: "said by main of demo-development/r1-a0-1",
        originator: Originator.USER,
      },
    ]);
  });

  it("says that an attempt without a pod is not there yet", async () => {
    expect(await codeOf(lines({ attempt: 3 }))).toBe("NotFound");
  });

  it("tells another container's lines where it is named, and none of one that the pod does not have", async () => {
    expect((await lines({ container: "side" }))[0]?.message).toContain("said by side");
    expect(await codeOf(lines({ container: "other" }))).toBe("NotFound");
  });

  it("begins at the second that is asked for", async () => {
    followedSince.length = 0;
    await lines({ since: { seconds: 1_795_000_000n, nanos: 999_000_000 } });
    await lines({});
    expect(followedSince).toEqual(["2026-11-18T11:06:40Z", undefined]);
  });

  it("tells what the store has of an attempt whose pod is gone, to nobody but those who may", async () => {
    store.ship("demo-development_r1-a0-4_u/main/0.log", ["2026-11-22T17:00:00.5Z stdout F stored"]);
    store.ship("demo-x-y_r1-a0-4_u/main/0.log", ["2026-11-22T17:00:00Z stdout F of another project"]);
    expect(await lines({ attempt: 5 }, { role: "viewer" })).toMatchObject([
      { timestamp: { nanos: 500_000_000 }, message: "stored", originator: Originator.USER },
    ]);
    const alike = { project: "demo-x", domain: "y", attempt: 5 };
    expect(await codeOf(lines(alike))).toBe("PermissionDenied");
    expect(await codeOf(lines({ attempt: 5 }, { org: "globex" }))).toBe("PermissionDenied");
  });

  it.each([
    ["without a token", {}, null, "Unauthenticated"],
    ["for another organisation's caller", { org: "" }, { org: "globex" }, "PermissionDenied"],
    ["of another organisation by name", { org: "globex" }, {}, "PermissionDenied"],
    ["of a project that is not served", { project: "kube", domain: "system" }, {}, "PermissionDenied"],
    ["of a project whose namespace reads alike", { project: "demo-x", domain: "y" }, {}, "PermissionDenied"],
    ["of attempt 0", { attempt: 0 }, {}, "InvalidArgument"],
    ["by a path in place of a name", { run: "../../union/pods/tunnel" }, {}, "NotFound"],
    ["of a pod whose name fits by chance", { run: "r1-a0", action: "1", attempt: 1 }, {}, "NotFound"],
  ])("refuses %s", async (_, request, claims, code) => {
    expect(await codeOf(lines(request, claims))).toBe(code);
  });

  it.each(["viewer", "contributor"])(
    "tells a %s what an app's own replicas say, by their app's container",
    async (role) => {
      expect((await saidByApp({}, { role })).length).toBeGreaterThan(0);
      for (const name of ["web-1", "web-2"]) {
        const own = `${name}: said by app of demo-development/${name}`;
        expect(await saidByApp({ replica: name }, { role })).toEqual([own]);
      }
    },
  );

  it.each([
    ["an app without a replica", { app: "idle" }, {}, "NotFound"],
    ["a replica of another organisation's app", { replica: "web-3" }, {}, "NotFound"],
    ["a pod that Knative did not make", { replica: "web-4" }, {}, "NotFound"],
    ["an app that is not named", { app: "" }, {}, "InvalidArgument"],
    ["a selector in place of a name", { app: "web,x notin (y)" }, {}, "InvalidArgument"],
    ["an app to nobody", {}, null, "Unauthenticated"],
    ["an app to another organisation's caller", {}, { org: "globex" }, "PermissionDenied"],
    ["an app of a project that is not served", { project: "kube", domain: "system" }, {}, "PermissionDenied"],
    ["an app of a project whose namespace reads alike", { project: "demo-x", domain: "y" }, {}, "PermissionDenied"],
  ])("tells nothing of %s", async (_, request, claims, code) => {
    expect(await codeOf(saidByApp(request, claims))).toBe(code);
  });

  it("asks Kubernetes for nothing outside its projects", () => {
    expect(new Set(asked.map(({ namespace }) => namespace))).toEqual(new Set(["demo-development"]));
    expect(new Set(listed.map(({ namespace }) => namespace))).toEqual(new Set(["demo-development"]));
    expect(asked.every(({ pod }) => /^[a-z0-9-]+$/.test(pod))).toBe(true);
  });
});
