/** How clients speak to the region: Connect, as the Flyte client does, or gRPC-Web, as browsers do; over TLS at one port. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { createGrpcWebTransport } from "@connectrpc/connect-node";
import { beforeAll, describe, expect, it } from "vitest";
import { ListRunsRequestSchema, RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { https } from "../support/api.ts";
import { containerRun, runIdOf } from "../support/container-run.ts";
import { evidenceFor } from "../support/evidence.ts";
import { edge, signedIn } from "../support/identities.ts";
import { environment } from "../support/local-run.ts";

const { proves } = evidenceFor("client/grpc-web");
const { endpoint, caFile, org } = environment;
const scopeBy = { case: "org" as const, value: org };
const recent = { request: { limit: 3 }, scopeBy };
let viewer: { headers: Record<string, string> };
const name = `r${randomBytes(7).toString("hex")}`;
beforeAll(async () => {
  viewer = { headers: await signedIn(org, "viewer") };
  const contributor = { headers: await signedIn(org, "contributor") };
  await createClient(RunService, edge()).createRun(containerRun(name), contributor);
});

/** As a browser's library speaks it, over either version of HTTP that browsers have. */
const browser = (httpVersion: "1.1" | "2"): Transport =>
  createGrpcWebTransport({
    baseUrl: `https://${endpoint}`,
    httpVersion,
    nodeOptions: { ca: readFileSync(caFile) },
  });

const listRuns = "/flyteidl2.workflow.RunService/ListRuns";
const asked = create(ListRunsRequestSchema, recent);
const json = toJsonString(ListRunsRequestSchema, asked);
const message = toBinary(ListRunsRequestSchema, asked);
const enveloped = Buffer.from(encodeEnvelope(0, message));

/** @returns the type of what answers a call of that type, or the status of what refuses it. */
async function answerTo(type: string, body: Buffer | string): Promise<string> {
  const headers = { ...viewer.headers, "content-type": type };
  const answer = await https(`https://${endpoint}${listRuns}`, { method: "POST", headers, body });
  return answer.status === 200 ? String(answer.headers["content-type"]) : String(answer.status);
}

describe("at the region's door", () => {
  it("calls are made by Connect and by gRPC-Web, over TLS only", async () => {
    proves(["comm-client-cp-connectrpc"], "gRPC itself and other types are refused, and so is a call without TLS");
    expect(await answerTo("application/json", json)).toBe("application/json");
    expect(await answerTo("application/proto", Buffer.from(message))).toBe("application/proto");
    expect(await answerTo("application/grpc-web+proto", enveloped)).toBe("application/grpc-web+proto");
    expect(await answerTo("application/grpc+proto", enveloped)).toBe("415");
    expect(await answerTo("text/plain", json)).toBe("415");
    await expect(withoutTls()).rejects.toThrow();
  });

  it.each(["1.1", "2"] as const)("a browser over HTTP/%s reads what the client reads", async (version) => {
    const theirs = await createClient(RunService, browser(version)).listRuns(recent, viewer);
    const ours = await createClient(RunService, edge()).listRuns(recent, viewer);
    expect(theirs.runs.length).toBeGreaterThan(0);
    expect(theirs).toEqual(ours);
  });

  it("a browser follows a run", async () => {
    const runs = createClient(RunService, browser("1.1"));
    const runId = runIdOf(name);
    const stop = new AbortController();
    for await (const { details } of runs.watchRunDetails({ runId }, { ...viewer, signal: stop.signal })) {
      expect(details?.action?.id?.run).toMatchObject(runId);
      break;
    }
    stop.abort();
  });

  it("a browser is told why it is refused, by the door and by the service behind it", async () => {
    const runs = createClient(RunService, browser("1.1"));
    await expect(runs.listRuns(recent)).rejects.toMatchObject({ code: 16, rawMessage: expect.stringMatching(/token/) });
    await expect(runs.createRun(containerRun("rbrowser"), viewer)).rejects.toMatchObject({ code: 7 });
  });
});

/** @returns the status of an answer, where one comes. */
function withoutTls(): Promise<number> {
  return new Promise((resolve, reject) => {
    const [host, port] = endpoint.split(":");
    const headers = { ...viewer.headers, "content-type": "application/json" };
    const sent = request({ host, port: port ?? 443, path: listRuns, method: "POST", headers }, (answer) =>
      resolve(answer.statusCode ?? 0),
    );
    sent.on("error", reject);
    sent.end(json);
  });
}
