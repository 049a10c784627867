/** What clients may speak to the region: Connect, as JSON or binary, and gRPC-Web; by TLS on the one public port. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Code, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { beforeAll, expect, it } from "vitest";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { accessToken, api, https } from "../support/api.ts";
import { containerRun, runIdOf } from "../support/container-run.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment } from "../support/local-run.ts";

const { proves } = evidenceFor("client/protocols");
const { org } = environment;
const scopeBy = { case: "org" as const, value: org };
const run = `protocols-${randomBytes(6).toString("hex")}`;

beforeAll(async () => {
  await api(RunService, await accessToken()).createRun(containerRun(run));
});

/** What was answered as, by the header of each answer. */
const types: string[] = [];
const interceptors: Interceptor[] = [
  (next) => async (request) => {
    const response = await next(request);
    types.push(response.header.get("content-type") ?? "");
    return response;
  },
];
const where = {
  baseUrl: `https://${environment.endpoint}`,
  httpVersion: "2" as const,
  nodeOptions: { ca: readFileSync(environment.caFile) },
  interceptors,
};

it.each<[string, () => Transport, string, string]>([
  [
    "Connect as JSON",
    () => createConnectTransport({ ...where, useBinaryFormat: false }),
    "application/json",
    "application/connect+json",
  ],
  ["Connect", () => createConnectTransport(where), "application/proto", "application/connect+proto"],
  ["gRPC-Web", () => createGrpcWebTransport(where), "application/grpc-web+proto", "application/grpc-web+proto"],
  [
    "gRPC-Web by HTTP/1.1",
    () => createGrpcWebTransport({ ...where, httpVersion: "1.1" }),
    "application/grpc-web+proto",
    "application/grpc-web+proto",
  ],
])("%s is spoken over HTTPS, in one answer and in streams, and refusals are told in it", async (_, open, one, many) => {
  proves(
    ["comm-client-cp-connectrpc"],
    "a content type of neither protocol is refused, and so is the same call in it without a token",
  );
  const runs = createClient(RunService, open());
  const headers = { authorization: `Bearer ${await accessToken()}` };
  types.length = 0;
  await runs.listRuns({ request: { limit: 1 }, scopeBy }, { headers });
  const stream = runs.watchRunDetails({ runId: runIdOf(run) }, { headers, timeoutMs: 20_000 })[Symbol.asyncIterator]();
  expect((await stream.next()).done).toBe(false);
  await stream.return?.();
  expect(types).toEqual([one, many]);
  // By the gateway, which has read nothing of it.
  await expect(runs.listRuns({ request: { limit: 1 }, scopeBy })).rejects.toMatchObject({
    code: Code.Unauthenticated,
    rawMessage: expect.stringContaining("token"),
  });
  const foreign = runs.listRuns({ scopeBy: { ...scopeBy, value: "globex" } }, { headers });
  await expect(foreign).rejects.toMatchObject({
    code: Code.PermissionDenied,
    rawMessage: expect.stringContaining("organisation"),
  });
  const path = `/${RunService.typeName}/ListRuns`;
  const spoken = { method: "POST", headers: { ...headers, "content-type": "text/plain" }, body: "{}" };
  expect((await https(where.baseUrl + path, spoken)).status).toBe(415);
});
