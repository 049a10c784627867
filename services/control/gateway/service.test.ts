import { Code, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import { upstream } from "../../shared/client.ts";
import { answerJson, type HttpHandler } from "../../shared/http.ts";
import { type Server, startServer } from "../../shared/server.ts";
import { recordingSink } from "../../shared/testing/audit.ts";
import { byRole } from "../../shared/testing/authorizer.ts";
import { postText } from "../../shared/testing/http2.ts";
import { type TestIssuer, testIssuer } from "../../shared/testing/issuer.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { gatewayHandler } from "./service.ts";

const { audit, kept } = recordingSink();
const reached: (string | undefined)[] = [];
const { log } = recordingLog();
let issuer: TestIssuer;
let servers: Server[] = [];
let gateway: ReturnType<typeof upstream>;
let url: string;

beforeAll(async () => {
  issuer = await testIssuer();
  const behind = await startServer({
    port: 0,
    log,
    handler(request, response) {
      reached.push(request.url);
      answerJson(response, 200, {});
    },
  });
  const { sessions } = upstream(`http://127.0.0.1:${behind.port}`);
  const backends = { identity: sessions, runs: sessions, actions: sessions, cluster: sessions, dataproxy: sessions };
  const verify = tokenVerifier([issuer.trusted]);
  const exchange = async (authorization: string | undefined) => authorization;
  const pages = (path: string): HttpHandler | undefined =>
    path === "/" ? (_request, response) => answerJson(response, 200, { page: path }) : undefined;
  const handler = gatewayHandler({ verify, authorize: byRole, audit, backends, exchange, pages, log });
  const front = await startServer({ port: 0, handler, log });
  url = `http://127.0.0.1:${front.port}`;
  gateway = upstream(url);
  servers = [front, behind];
});
afterAll(async () => {
  for (const server of servers) await server.close(0);
});

async function post(path: string, authorization?: string) {
  reached.length = 0;
  kept.length = 0;
  const text = await postText(gateway.sessions, path, { "content-type": "application/proto", authorization });
  return JSON.parse(text);
}

const createRun = "/flyteidl2.workflow.RunService/CreateRun";

describe("the gateway", () => {
  it("passes a request whose caller may make it", async () => {
    await post(createRun, `Bearer ${await issuer.token({ role: "contributor" })}`);
    expect(reached).toEqual([createRun]);
  });

  it.each([
    ["without a token", () => undefined, Code.Unauthenticated],
    ["with an expired token", async () => issuer.token({ exp: 1 }), Code.Unauthenticated],
    ["of a role that may not", async () => issuer.token({ role: "viewer" }), Code.PermissionDenied],
  ])("stops a request %s before any service sees it", async (_what, token, code) => {
    const made = await token();
    const answer = await post(createRun, made && `Bearer ${made}`);
    expect([answer.code, reached]).toEqual([
      code === Code.Unauthenticated ? "unauthenticated" : "permission_denied",
      [],
    ]);
    expect(kept).toEqual(code === Code.Unauthenticated ? [] : ["acme/someone denied RunService/CreateRun"]);
  });

  it("tells a browser, which speaks gRPC-Web, why it is stopped", async () => {
    const sessionManager = gateway.sessions;
    const transport = createGrpcWebTransport({ baseUrl: url, httpVersion: "2", sessionManager });
    const runs = createClient(RunService, transport);
    await expect(runs.createRun({})).rejects.toMatchObject({
      code: Code.Unauthenticated,
      rawMessage: expect.stringContaining("token"),
    });
    const headers = { authorization: `Bearer ${await issuer.token({ role: "viewer" })}` };
    await expect(runs.createRun({}, { headers })).rejects.toMatchObject({
      code: Code.PermissionDenied,
      rawMessage: expect.stringContaining("create_flyte_executions"),
    });
  });

  it("stops what it does not know, even for an admin", async () => {
    const answer = await post("/biplane.queue.v1.ExecutorQueueService/Report", `Bearer ${await issuer.token()}`);
    expect([answer.code, reached]).toEqual(["unimplemented", []]);
  });

  it("shows its own pages to whoever comes, and asks no service for them", async () => {
    expect([await post("/"), reached]).toEqual([{ page: "/" }, []]);
    expect([(await post("/else")).code, reached]).toEqual(["unimplemented", []]);
  });

  it.each([
    "/oauth2/v1/token",
    "/.well-known/openid-configuration",
    "/flyteidl2.auth.AuthMetadataService/GetOAuth2Metadata",
  ])("passes %s without a token", async (path) => {
    await post(path);
    expect(reached).toEqual([path]);
  });
});
