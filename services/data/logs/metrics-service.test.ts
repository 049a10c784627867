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
import type { PodMetrics } from "./metrics.ts";
import { metricsService } from "./metrics-service.ts";

const action = { org: "acme", project: "demo", domain: "development", run: "r1", action: "a0", attempt: 1 };
const asked: PodPlace[] = [];
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

async function watched(request: object = {}, claims: Record<string, unknown> | null = {}) {
  const projects = new Map([["demo-development", { project: "demo", domain: "development" }]]);
  const service = metricsService({ metrics, org: "acme", projects, log: recordingLog().log });
  const audit = unrecorded;
  const interceptors = [authInterceptor({ verify: tokenVerifier([issuer.trusted]), authorize: byRole, audit })];
  const client = createClient(
    MetricsService,
    createRouterTransport((router) => void router.service(MetricsService, service), { router: { interceptors } }),
  );
  const headers: Record<string, string> = claims ? { authorization: `Bearer ${await issuer.token(claims)}` } : {};
  const all = [];
  for await (const answer of client.watchMetrics({ ...action, ...request }, { headers })) all.push(answer.measurement);
  return all;
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
