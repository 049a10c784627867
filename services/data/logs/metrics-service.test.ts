import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { beforeAll, describe, expect, it } from "vitest";
import { MetricsService } from "../../../gen/biplane/metrics/v1/metrics_pb.js";
import { authInterceptor } from "../../shared/auth/interceptor.ts";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import { precondition } from "../../shared/errors.ts";
import { unrecorded } from "../../shared/testing/audit.ts";
import { byRole } from "../../shared/testing/authorizer.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { type TestIssuer, testIssuer } from "../../shared/testing/issuer.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import type { PodPlace } from "./attempt-pod.ts";
import type { MeasuredStore } from "./measured-store.ts";
import type { PodMetrics } from "./metrics.ts";
import { metricsService } from "./metrics-service.ts";

const action = { org: "acme", project: "demo", domain: "development", run: "r1", action: "a0", attempt: 1 };
const asked: PodPlace[] = [];
const start = Date.parse("2026-11-22T17:00:00Z");
let issuer: TestIssuer;

const metrics: PodMetrics = {
  async readPod({ pod }) {
    const run = { "r1-a0-0": "r1", "unmeasured-a0-0": "unmeasured", "other-a0-0": "another" }[pod];
    if (!run) return undefined;
    const labels = { "biplane.dev/org": "acme", "flyte.org/project": "demo", "flyte.org/domain": "development" };
    const own = { ...labels, "flyte.org/run": run, "flyte.org/action": "a0" };
    return { metadata: { uid: "u", labels: own }, status: { phase: "Succeeded" } };
  },
  async measured(place) {
    asked.push(place);
    if (place.pod === "unmeasured-a0-0") throw precondition("it has no metrics server");
    return {
      ...{ measuredAt: "2026-11-22T17:00:09.5Z", window: 15.06 },
      containers: [{ name: "main", cpu: 0.25, memoryBytes: 2 ** 31 }],
    };
  },
};

beforeAll(async () => {
  issuer = await testIssuer();
});

const store: MeasuredStore = {
  async cpu({ place, moments }) {
    asked.push(place);
    return [{ container: "main", values: new Map([[moments.end, 0.25]]) }];
  },
  async memory({ moments }) {
    return [{ container: "main", values: new Map([[moments.end, 2 ** 31]]) }];
  },
};

async function clientOf(claims: Record<string, unknown> | null, hasStore = true) {
  const projects = new Map([["demo-development", { project: "demo", domain: "development" }]]);
  const service = metricsService({
    metrics,
    ...(hasStore ? { store } : {}),
    org: "acme",
    projects,
    log: recordingLog().log,
  });
  const audit = unrecorded;
  const interceptors = [authInterceptor({ verify: tokenVerifier([issuer.trusted]), authorize: byRole, audit })];
  const client = createClient(
    MetricsService,
    createRouterTransport((router) => void router.service(MetricsService, service), { router: { interceptors } }),
  );
  const headers: Record<string, string> = claims ? { authorization: `Bearer ${await issuer.token(claims)}` } : {};
  return { client, headers };
}

async function watched(request: object = {}, claims: Record<string, unknown> | null = {}) {
  const { client, headers } = await clientOf(claims);
  const all = [];
  for await (const answer of client.watchMetrics({ ...action, ...request }, { headers })) all.push(answer.measurement);
  return all;
}

async function listed(request: object = {}, claims: Record<string, unknown> | null = {}, hasStore = true) {
  const { client, headers } = await clientOf(claims, hasStore);
  const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(start + 60_000) };
  return (await client.listMeasurements({ ...action, ...times, ...request }, { headers })).measurements;
}

describe("WatchMetrics", () => {
  it("tells what each container of the attempt's own pod uses, to a viewer too", async () => {
    expect(await watched({}, { role: "viewer" })).toMatchObject([
      {
        measuredAt: { seconds: BigInt(Date.parse("2026-11-22T17:00:09Z") / 1_000), nanos: 500_000_000 },
        window: { seconds: 15n, nanos: 60_000_000 },
        containers: [{ name: "main", cpu: 0.25, memoryBytes: 2n ** 31n }],
      },
    ]);
  });

  it("says that a cluster measures nothing", async () => {
    expect(await codeOf(watched({ run: "unmeasured" }))).toBe("FailedPrecondition");
  });

  it.each([
    ["without a token", {}, null, "Unauthenticated"],
    ["for another organisation's caller", { org: "" }, { org: "globex" }, "PermissionDenied"],
    ["of another organisation by name", { org: "globex" }, {}, "PermissionDenied"],
    ["of a project that is not served", { project: "kube", domain: "system" }, {}, "PermissionDenied"],
    ["of attempt 0", { attempt: 0 }, {}, "InvalidArgument"],
    ["by a path in place of a name", { run: "../../union/pods/tunnel" }, {}, "NotFound"],
    ["of a pod that is gone", { run: "gone" }, {}, "NotFound"],
    ["of a pod whose name fits by chance", { run: "other" }, {}, "NotFound"],
  ])("refuses %s, and measures nothing for it", async (_, request, claims, code) => {
    asked.length = 0;
    expect(await codeOf(watched(request, claims))).toBe(code);
    expect(asked).toEqual([]);
  });
});

describe("ListMeasurements", () => {
  it.each([
    ["that has ended", "r1"],
    ["that is gone", "gone"],
  ])("tells out of the store what an attempt %s has used, to a viewer too", async (_, run) => {
    expect(await listed({ run }, { role: "viewer" })).toMatchObject([
      {
        measuredAt: { seconds: BigInt(start / 1_000 + 60) },
        window: { seconds: 60n },
        containers: [{ name: "main", cpu: 0.25, memoryBytes: 2n ** 31n }],
      },
    ]);
  });

  it("asks for that pod in the caller's project, and no other", async () => {
    asked.length = 0;
    await listed({ run: "gone" });
    expect(asked).toEqual([{ namespace: "demo-development", pod: "gone-a0-0" }]);
  });

  it("says that a plane keeps no measures", async () => {
    expect(await codeOf(listed({}, {}, false))).toBe("FailedPrecondition");
  });

  it.each([
    ["without a token", {}, null, "Unauthenticated"],
    ["for another organisation's caller", { org: "" }, { org: "globex" }, "PermissionDenied"],
    ["of another organisation by name", { org: "globex" }, {}, "PermissionDenied"],
    ["of a project that is not served", { project: "kube", domain: "system" }, {}, "PermissionDenied"],
    ["of attempt 0", { attempt: 0 }, {}, "InvalidArgument"],
    ["by an expression in place of a name", { run: 'x",namespace=~".*' }, {}, "NotFound"],
    ["of a pod whose name fits by chance", { run: "other" }, {}, "NotFound"],
    ["of no time", { startTime: undefined }, {}, "InvalidArgument"],
    ["of more than is told", { maxMeasurements: 501 }, {}, "InvalidArgument"],
  ])("refuses %s, and asks the store nothing for it", async (_, request, claims, code) => {
    asked.length = 0;
    expect(await codeOf(listed(request, claims))).toBe(code);
    expect(asked).toEqual([]);
  });
});
