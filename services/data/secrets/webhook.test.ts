import type { V1Secret } from "@kubernetes/client-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { upstream } from "../../shared/client.ts";
import { type Server, startServer } from "../../shared/server.ts";
import { postText } from "../../shared/testing/http2.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { BackendError } from "./backend.ts";
import { openCatalogue } from "./catalogue.ts";
import { kubernetesBackend } from "./kubernetes-backend.ts";
import { memoryShards } from "./testing/memory-shards.ts";
import { webhookHandler } from "./webhook.ts";

const shards = memoryShards();
const backend = kubernetesBackend(openCatalogue(shards));
const { log, lines } = recordingLog();
let made: V1Secret[];
let trouble: Error | undefined;
let server: Server;
let caller: ReturnType<typeof upstream>;

beforeAll(async () => {
  await backend.create({ project: "demo", domain: "development", name: "key" }, Buffer.from("a-seeded-value"));
  const handler = webhookHandler({
    backend,
    scopes: new Map([["demo-development", { project: "demo", domain: "development" }]]),
    async createSecret(secret) {
      if (trouble) throw trouble;
      made.push(secret);
    },
    log,
  });
  server = await startServer({ port: 0, handler, log });
  caller = upstream(`http://127.0.0.1:${server.port}`);
});
beforeEach(() => {
  made = [];
  trouble = undefined;
});
afterAll(async () => {
  caller.close();
  await server.close(0);
});

const asked = (more: object = {}, name = "key") => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "review-1",
    namespace: "demo-development",
    operation: "CREATE",
    resource: { group: "", version: "v1", resource: "pods" },
    object: {
      metadata: {
        name: "r-a0-0",
        annotations: { "biplane.dev/secrets": JSON.stringify([{ as: "env", name, variable: "KEY" }]) },
        ownerReferences: [{ apiVersion: "flyte.org/v1", kind: "TaskAction", name: "r-a0", uid: "uid-1" }],
      },
      spec: { containers: [{ name: "main" }] },
    },
    ...more,
  },
});

const post = (body: unknown, path = "/mutate") =>
  postText(caller.sessions, path, { "content-type": "application/json" }, JSON.stringify(body));
const review = async (body: unknown) => JSON.parse(await post(body)).response;

describe("the webhook", () => {
  it("lets a pod in with what it asks for, once the Secret is made", async () => {
    const { uid, allowed, patchType, patch } = await review(asked());
    expect([uid, allowed, patchType]).toEqual(["review-1", true, "JSONPatch"]);
    expect(made).toHaveLength(1);
    const text = Buffer.from(patch, "base64").toString();
    expect(JSON.parse(text)).toContainEqual({
      op: "add",
      path: "/spec/containers/0/env",
      value: [{ name: "KEY", valueFrom: { secretKeyRef: { name: made[0]?.metadata?.name, key: "key" } } }],
    });
    expect(text).not.toContain("a-seeded-value");
  });

  it("makes nothing in a dry run", async () => {
    expect((await review(asked({ dryRun: true }))).allowed).toBe(true);
    expect(made).toEqual([]);
  });

  it("refuses what the pod may not have in words for the task's author", async () => {
    const { uid, allowed, status } = await review(asked({}, "absent"));
    expect([uid, allowed, status.code]).toEqual(["review-1", false, 403]);
    expect(status.message).toMatch(/asks for secret "absent"/);
  });

  it("takes the project from the namespace, which it was told of, and from nothing else", async () => {
    const { allowed, status } = await review(asked({ namespace: "other-development" }));
    expect([allowed, status.code, made]).toEqual([false, 403, []]);
  });

  it.each([
    ["the Secret cannot be made", () => (trouble = new BackendError("unreachable", "not now")), "not now"],
    ["the service itself fails", () => (trouble = new Error("a detail")), "the secrets service failed"],
  ])("lets no pod in without its secrets: %s", async (_, harm, said) => {
    harm();
    const { allowed, status } = await review(asked());
    expect([allowed, status.code]).toEqual([false, 503]);
    expect(status.message).toContain(said);
    expect(status.message).not.toContain("a detail");
  });

  it.each([
    ["no review", {}],
    ["a review of something else", asked({ resource: { group: "apps", version: "v1", resource: "deployments" } })],
    ["a change of a pod", asked({ operation: "UPDATE" })],
  ])("answers %s as a mistake", async (_, body) => {
    expect(JSON.parse(await post(body))).toEqual({ message: "this is no AdmissionReview of a new pod" });
  });

  it("serves nothing else", async () => {
    expect(await post(asked(), "/")).toBe("{}");
    expect(made).toEqual([]);
  });

  it("logs no value", () => {
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.join("\n")).not.toContain("a-seeded-value");
    expect(lines.join("\n")).not.toContain(Buffer.from("a-seeded-value").toString("base64"));
  });
});
