/** Requests through both planes, told to a collector: one trace each, and nothing of what the requests held. */
import { randomBytes } from "node:crypto";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProjectDirectoryService } from "../gen/biplane/projects/v1/projects_pb.js";
import { DataProxyService } from "../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { SecretService } from "../gen/flyteidl2/secret/secret_pb.js";
import { upstream } from "./shared/client.ts";
import { renderMetrics } from "./shared/metrics.ts";
import { postText } from "./shared/testing/http2.ts";
import { recordingLog } from "./shared/testing/log.ts";
import { type OtlpSink, startOtlpSink, type TakenSpan } from "./shared/testing/otlp-sink.ts";
import { until } from "./shared/testing/until.ts";
import { openTraces, type Traces } from "./shared/traces.ts";
import { inputsPut } from "./testing/fakes.ts";
import { outcomeOf, tokenOf } from "./testing/link-caller.ts";
import { type LinkWorld, startLinkWorld, type Tunnel } from "./testing/link-world.ts";

let world: LinkWorld;
let tunnel: Tunnel;
let sink: OtlpSink;
let traces: Traces;
let token: string;

beforeAll(async () => {
  sink = await startOtlpSink();
  // No connection is to be found dead here, however busy the machine is.
  world = await startLinkWorld({ ping: { intervalMs: 10_000, timeoutMs: 60_000 } });
  token = await tokenOf(world, "admin");
  tunnel = await world.startTunnel();
  await until(async () => (await outcomeOf(upload("ready"))) === "ok", 60_000);
  const { log } = recordingLog();
  traces = openTraces({ url: sink.url, ratio: 1, service: "world", version: "0", log, everyMs: 50 });
});

afterAll(async () => {
  await traces?.close();
  await world?.stop();
  await sink?.[Symbol.asyncDispose]();
});

const needle = (of: string) => `needle-${of}-${randomBytes(9).toString("hex")}`;

function transport(headers: Record<string, string> = {}) {
  const withHeaders: Interceptor = (next) => (request) => {
    for (const [name, value] of Object.entries({ authorization: `Bearer ${token}`, ...headers }))
      request.header.set(name, value);
    return next(request);
  };
  const baseUrl = `https://${world.gatewayHost}`;
  return createConnectTransport({ httpVersion: "2", baseUrl, interceptors: [withHeaders] });
}

function upload(filename: string, headers?: Record<string, string>) {
  const request = { project: "demo", domain: "development", filename, contentMd5: new Uint8Array(16) };
  return createClient(DataProxyService, transport(headers)).createUploadLocation(request);
}

const inRegion = "flyteidl2.dataproxy.DataProxyService/CreateUploadLocation";
const inPlane = "biplane.objectstore.v1.ObjectStoreService/SignUpload";

/**
 * The spans of the traces that `work` began at the gateway.
 * @param last who serves it at the far end: its span may be told after the gateway's
 */
async function toldOf(name: string, last: string, work: () => Promise<unknown>): Promise<TakenSpan[][]> {
  const known = new Set(sink.spans.map(({ traceId }) => traceId));
  const begun = () =>
    sink.spans.filter((span) => span.server === "gateway" && span.name === name && !known.has(span.traceId));
  await work();
  const all = () => begun().map(({ traceId }) => sink.spans.filter((span) => span.traceId === traceId));
  const isWhole = (trace: TakenSpan[]) =>
    trace.some(({ server }) => server === last) &&
    trace.every(({ parentSpanId: id }) => id === undefined || trace.some(({ spanId }) => spanId === id));
  await until(async () => begun().length > 0 && all().every(isWhole), 60_000);
  return all();
}

const only = <T>(all: readonly T[]): T => {
  expect(all).toHaveLength(1);
  return all[0] as T;
};

describe("a request from a client to a compute plane", () => {
  it("is one trace: each service's span is under that of the one which asked", async () => {
    const trace = only(await toldOf(inRegion, "plane", () => upload("one.bin")));
    const byId = new Map(trace.map((span) => [span.spanId, span]));
    expect(byId.size).toBe(trace.length);
    const root = only(trace.filter(({ parentSpanId }) => parentSpanId === undefined));
    expect(root).toMatchObject({ server: "gateway", name: inRegion });
    for (const span of trace.filter((one) => one !== root)) {
      expect(byId.has(span.parentSpanId ?? ""), `the parent of ${span.server} ${span.name}`).toBe(true);
    }
    const path: string[] = [];
    let at: TakenSpan | undefined = only(trace.filter(({ server, name }) => server === "plane" && name === inPlane));
    for (; at; at = byId.get(at.parentSpanId ?? "")) path.unshift(`${at.server} ${at.name}`);
    expect(path).toEqual([
      `gateway ${inRegion}`,
      `dataproxy ${inRegion}`,
      `relay ${inPlane}`,
      `tunnel ${inPlane}`,
      `plane ${inPlane}`,
    ]);
    for (const { began, ended } of trace) expect(ended >= began && began >= root.began - 1_000_000n).toBe(true);
    expect(new Set(trace.map(({ attributes }) => attributes["biplane.code"]))).toEqual(new Set(["ok", "http_2xx"]));
  });

  it("is a trace of its own, whichever trace the client says that it is in", async () => {
    const theirs = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
    const headers = {
      traceparent: `00-${theirs.traceId}-${theirs.spanId}-01`,
      tracestate: "vendor=needle",
      baggage: "who=needle",
    };
    const trace = only(await toldOf(inRegion, "plane", () => upload("two.bin", headers)));
    expect(trace.some(({ server }) => server === "plane")).toBe(true);
    expect(sink.raw()).not.toContain(theirs.traceId);
    expect(sink.raw()).not.toContain(theirs.spanId);
    expect(sink.raw()).not.toContain("who=needle");
  });

  it("has its trace in the log of those who served it", async () => {
    const [{ traceId } = { traceId: "" }] = only(await toldOf(inRegion, "plane", () => upload("three.bin")));
    const lines = world.lines.filter((line) => line.includes(traceId));
    expect(lines.length).toBeGreaterThan(0);
  });

  it("that is refused is told as refused, and is no failure of the service's", async () => {
    const trace = only(
      await toldOf(inRegion, "gateway", () => outcomeOf(upload("x", { authorization: "Bearer a.b.c" }))),
    );
    expect(only(trace)).toMatchObject({ attributes: { "biplane.code": "unauthenticated" }, failed: false });
  });
});

it("a request of a compute plane begins a trace in the region, whatever the plane says", async () => {
  const name = "biplane.projects.v1.ProjectDirectoryService/WatchProjects";
  const plane = upstream(tunnel.url);
  const client = createClient(ProjectDirectoryService, plane.transport);
  for await (const _ of client.watchProjects({})) break;
  plane.close();
  const of = (server: string) => sink.spans.filter((span) => span.server === server && span.name === name);
  await until(async () => of("tunnel").length > 0 && of("relay").length > 0 && of("actions").length > 0, 60_000);
  const [inside, arrived, served] = [of("tunnel"), of("relay"), of("actions")].map((spans) => spans.at(-1));
  expect(arrived?.parentSpanId).toBeUndefined();
  expect(arrived?.traceId).not.toBe(inside?.traceId);
  expect(served).toMatchObject({ traceId: arrived?.traceId, parentSpanId: arrived?.spanId });
});

it("nothing of what requests hold is in a span or a metric", async () => {
  const needles = {
    file: needle("file"),
    input: needle("input"),
    secretName: needle("secret"),
    secretValue: needle("value"),
    agent: needle("agent"),
    requestId: needle("request"),
    path: needle("path"),
    query: needle("query"),
    project: needle("project"),
    tracestate: needle("state"),
  };
  const headers = {
    "user-agent": needles.agent,
    "x-request-id": needles.requestId,
    tracestate: `vendor=${needles.tracestate}`,
  };
  const began = inputsPut().length;
  const signed = await upload(needles.file, headers);
  expect(signed.signedUrl).toContain(needles.file);
  const data = createClient(DataProxyService, transport(headers));
  const primitive = { value: { case: "stringValue" as const, value: needles.input } };
  const value = {
    value: { case: "scalar" as const, value: { value: { case: "primitive" as const, value: primitive } } },
  };
  const id = { case: "projectId" as const, value: { organization: "acme", name: "demo", domain: "development" } };
  await data.uploadInputs({
    id,
    task: { case: "taskSpec", value: {} },
    inputs: { literals: [{ name: "text", value }] },
  });
  expect(inputsPut().length).toBe(began + 1);
  const secretId = { organization: "acme", project: "demo", domain: "development", name: needles.secretName };
  const secrets = createClient(SecretService, transport(headers));
  const secretSpec = { value: { case: "stringValue" as const, value: needles.secretValue } };
  await secrets.createSecret({ id: secretId, secretSpec });
  await outcomeOf(secrets.getSecret({ id: { ...secretId, project: needles.project } }));
  for await (const _ of data.tailLogs({
    actionId: { name: "a0", run: { org: "acme", project: "demo", domain: "development", name: needles.project } },
    attempt: 1,
  }));
  const gateway = upstream(`https://${world.gatewayHost}`);
  const json = { "content-type": "application/json", ...headers };
  await postText(gateway.sessions, `/${needles.path}/${needles.path}?token=${needles.query}`, json, "{}");
  await postText(gateway.sessions, `/flyteidl2.auth.IdentityService/${needles.path}`, json, "{}");
  gateway.close();

  const names = [
    "DataProxyService/UploadInputs",
    "SecretService/CreateSecret",
    "DataProxyService/TailLogs",
    "other/other",
  ];
  const told = () =>
    names.filter((name) => sink.spans.some((span) => span.server === "gateway" && span.name.endsWith(name)));
  await until(async () => told().length === names.length, 60_000);
  await traces.close();

  const sinks = { traces: sink.raw(), metrics: await renderMetrics() };
  const signature = new URL(signed.signedUrl).searchParams.get("X-Amz-Signature") ?? "";
  expect(signature).toBe("seeded-signature");
  const forbidden = {
    ...needles,
    token,
    signature,
    admin: world.applications.admin.secret,
    org: "acme",
    project: "demo",
  };
  const holding = (text: string) =>
    Object.entries(sinks).flatMap(([name, held]) => (held.includes(text) ? [name] : []));
  for (const [what, text] of Object.entries(forbidden)) {
    for (const form of [text, Buffer.from(text).toString("base64"), Buffer.from(text).toString("hex")]) {
      expect(holding(form), `${what} as ${form}`).toEqual([]);
    }
  }
  // What may be there is found by the same search.
  expect(holding("flyteidl2.dataproxy.DataProxyService")).toEqual(["traces", "metrics"]);
});
