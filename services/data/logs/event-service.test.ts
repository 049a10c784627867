import { createClient, createRouterTransport } from "@connectrpc/connect";
import { beforeAll, describe, expect, it } from "vitest";
import { Event_Type, EventService } from "../../../gen/biplane/events/v1/events_pb.js";
import { authInterceptor } from "../../shared/auth/interceptor.ts";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import { unrecorded } from "../../shared/testing/audit.ts";
import { byRole } from "../../shared/testing/authorizer.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { type TestIssuer, testIssuer } from "../../shared/testing/issuer.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import type { PodPlace } from "./attempt-pod.ts";
import { eventService } from "./event-service.ts";
import type { PodEvent, PodEvents } from "./events.ts";

const action = { org: "acme", project: "demo", domain: "development", run: "r1", action: "a0", attempt: 1 };
let issuer: TestIssuer;
const asked: PodPlace[] = [];

const failed: PodEvent = {
  id: "u",
  version: "7",
  occurredAt: "2026-11-22T17:00:09.5Z",
  warning: true,
  reason: "Failed",
  message: "no such image",
  component: "kubelet",
  count: 4,
};

const events: PodEvents = {
  async readPod(place) {
    asked.push(place);
    const run = { "r1-a0-0": "r1", "other-a0-0": "another" }[place.pod];
    if (!run) return undefined;
    const labels = { "biplane.dev/org": "acme", "flyte.org/project": "demo", "flyte.org/domain": "development" };
    const own = { ...labels, "flyte.org/run": run, "flyte.org/action": "a0" };
    return { metadata: { labels: own }, status: { phase: "Succeeded" } };
  },
  async list(place) {
    asked.push(place);
    return { events: place.pod === "silent-a0-0" ? [] : [failed], version: "9" };
  },
  async *watch() {},
};

beforeAll(async () => {
  issuer = await testIssuer();
});

function client() {
  const projects = new Map([["demo-development", { project: "demo", domain: "development" }]]);
  const service = eventService({ events, org: "acme", projects, log: recordingLog().log });
  const interceptors = [
    authInterceptor({ verify: tokenVerifier([issuer.trusted]), authorize: byRole, audit: unrecorded }),
  ];
  return createClient(
    EventService,
    createRouterTransport((router) => void router.service(EventService, service), { router: { interceptors } }),
  );
}

async function watched(request: object = {}, claims: Record<string, unknown> | null = {}) {
  const headers: Record<string, string> = claims ? { authorization: `Bearer ${await issuer.token(claims)}` } : {};
  const all = [];
  for await (const answer of client().watchEvents({ ...action, ...request }, { headers })) all.push(...answer.events);
  return all;
}

describe("WatchEvents", () => {
  it("tells what is said of the attempt's own pod, to a viewer too", async () => {
    const told = { id: "u", type: Event_Type.WARNING, reason: "Failed", message: "no such image", count: 4 };
    const occurredAt = { nanos: 500_000_000, seconds: BigInt(Date.parse("2026-11-22T17:00:09Z") / 1_000) };
    expect(await watched({}, { role: "viewer" })).toMatchObject([{ ...told, component: "kubelet", occurredAt }]);
  });

  it("tells what is left of a pod that has gone", async () => {
    expect(await watched({ run: "gone" })).toMatchObject([{ reason: "Failed" }]);
  });

  it("says that an attempt of which nothing was heard is not there yet", async () => {
    expect(await codeOf(watched({ run: "silent" }))).toBe("NotFound");
  });

  it.each([
    ["without a token", {}, null, "Unauthenticated"],
    ["for another organisation's caller", { org: "" }, { org: "globex" }, "PermissionDenied"],
    ["of another organisation by name", { org: "globex" }, {}, "PermissionDenied"],
    ["of a project that is not served", { project: "kube", domain: "system" }, {}, "PermissionDenied"],
    ["of attempt 0", { attempt: 0 }, {}, "InvalidArgument"],
    ["by a path in place of a name", { run: "../../union/pods/tunnel" }, {}, "NotFound"],
    ["by more than a name", { run: "x,involvedObject.name=y" }, {}, "NotFound"],
    ["of a pod whose name fits by chance", { run: "other" }, {}, "NotFound"],
  ])("refuses %s", async (_, request, claims, code) => {
    expect(await codeOf(watched(request, claims))).toBe(code);
  });

  it("asks Kubernetes for nothing outside its projects", () => {
    expect(new Set(asked.map(({ namespace }) => namespace))).toEqual(new Set(["demo-development"]));
    expect(asked.every(({ pod }) => /^[a-z0-9-]+$/.test(pod))).toBe(true);
  });
});
