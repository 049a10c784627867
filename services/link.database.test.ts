import { randomBytes, X509Certificate } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ActionDataKind, ActionDataService } from "../gen/biplane/actiondata/v1/action_data_pb.js";
import { RegistrationService } from "../gen/biplane/cluster/v1/registration_pb.js";
import { ProjectDirectoryService } from "../gen/biplane/projects/v1/projects_pb.js";
import { ExecutorQueueService } from "../gen/biplane/queue/v1/queue_pb.js";
import { IdentityService } from "../gen/flyteidl2/auth/identity_pb.js";
import { ClusterService } from "../gen/flyteidl2/cluster/service_pb.js";
import { DataProxyService } from "../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { InputsSchema } from "../gen/flyteidl2/task/common_pb.js";
import { TaskSpecSchema } from "../gen/flyteidl2/task/task_definition_pb.js";
import { readSigningRequest } from "./control/cluster/authority.ts";
import { triggerInputs } from "./control/runs/trigger-inputs.ts";
import { newKey, renewalTime, signingRequest } from "./data/tunnel/identity.ts";
import { upstream } from "./shared/client.ts";
import { tunnelProtocol } from "./shared/cluster-identity.ts";
import { until } from "./shared/testing/until.ts";
import { countingLines, floodLinesSent, inputsPut } from "./testing/fakes.ts";
import { type LinkWorld, type MemoryStore, memoryStore, startLinkWorld, type Tunnel } from "./testing/link-world.ts";

let world: LinkWorld;
let tunnel: Tunnel;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  world = await startLinkWorld();
  for (const [name, { clientId, secret }] of Object.entries(world.applications)) {
    tokens[name] = (await signIn(clientId, secret)).body.access_token as string;
  }
  tunnel = await world.startTunnel();
  await until(async () => (await ready(tunnel)) === 200);
});

afterAll(async () => {
  await world?.stop();
});

describe("identity behind the gateway", () => {
  it("signs in by client credentials and says who the caller is", async () => {
    const info = await client(IdentityService).userInfo({}, as("admin"));
    expect(info).toMatchObject({ subject: "acme-admin", additionalClaims: { org: "acme", role: "admin" } });
  });

  it.each([
    ["a wrong secret", "acme-admin", "wrong"],
    ["an unknown client", "nobody", "wrong"],
  ])("refuses %s alike", async (_what, id, secret) => {
    const { status, body } = await signIn(id, secret);
    expect([status, body.error, body.error_description]).toEqual([
      401,
      "invalid_client",
      "the client's id or secret is wrong",
    ]);
  });

  it.each(["", "Bearer x.y.z", "Basic abc"])("refuses the authorization %j", async (authorization) => {
    const call = client(IdentityService).userInfo({}, { headers: { authorization } });
    await expect(call).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  it("lets a viewer read and not write", async () => {
    await expect(client(DataProxyService).createUploadLocation({}, as("viewer"))).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
  });

  it("does not show the services of the inside", async () => {
    await expect(leaseOf(client(ExecutorQueueService)).next()).rejects.toMatchObject({ code: Code.Unimplemented });
  });

  it("answers bytes that do not decode as the caller's mistake, in unary calls and streams", async () => {
    const unary = await post(
      "/flyteidl2.dataproxy.DataProxyService/CreateUploadLocation",
      "application/proto",
      "\xff\xff\xff",
    );
    expect([unary.status, JSON.parse(unary.text).code]).toEqual([400, "invalid_argument"]);
    const stream = await post(
      "/flyteidl2.dataproxy.DataProxyService/TailLogs",
      "application/connect+proto",
      "\0\0\0\0\x02\xff\xff",
    );
    expect(stream.text).toContain('"code":"invalid_argument"');
  });
});

describe("registration", () => {
  const register = async (token: string, key: string, cluster = "main") =>
    createClient(RegistrationService, transport()).register({
      org: "acme",
      cluster,
      token,
      certificateRequest: await signingRequest(key),
    });

  it("repeats its answer to the key that used the token", async () => {
    const answer = await register(world.registrationToken, tunnel.store.saved.key ?? "");
    expect(answer.certificate?.certificate).toContain("BEGIN CERTIFICATE");
  });

  it("refuses the used token to another key, and a wrong token, alike", async () => {
    const key = await newKey();
    const [used, wrong] = await Promise.all([
      register(world.registrationToken, key).catch(ConnectError.from),
      register("wrong", key).catch(ConnectError.from),
    ]);
    expect([used, wrong].map((error) => (error as ConnectError).code)).toEqual([
      Code.Unauthenticated,
      Code.Unauthenticated,
    ]);
    expect((used as ConnectError).message).toBe((wrong as ConnectError).message);
  });

  it("refuses a token of another cluster", async () => {
    const key = tunnel.store.saved.key ?? "";
    await expect(register(world.registrationToken, key, "other")).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  it("names the cluster in the certificate by its token, whatever the request's subject says", async () => {
    const answer = await register(world.registrationToken, tunnel.store.saved.key ?? "");
    const made = new X509Certificate(answer.certificate?.certificate ?? "");
    expect([made.subjectAltName, made.subject]).toEqual([
      "URI:spiffe://biplane/org/acme/cluster/main",
      "O=acme\nCN=main",
    ]);
    expect(Date.parse(made.validTo) - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
    expect(Date.parse(made.validTo) - Date.now()).toBeLessThanOrEqual(24 * 3_600_000);
    expect(made.ca).toBe(false);
  });

  it("refuses a request that is none", async () => {
    const call = createClient(RegistrationService, transport()).register({ certificateRequest: "nothing" });
    await expect(call).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  it.each([
    ["of another authority that names our cluster", () => world.foreignAuthority],
    ["of our authority whose life has ended", () => world.authority],
  ])("lets no certificate in %s", async (what, authority) => {
    const key = await newKey();
    const made = hoursAgo(what.includes("ended") ? 25 : 0);
    const { pem } = await authority().sign(await readSigningRequest(await signingRequest(key)), "acme", "main", made);
    expect(await dial({ cert: pem, key })).toMatch(/closed|alert|ECONNRESET/);
  });

  it("lets in the certificate that those differ from", async () => {
    const key = await newKey();
    const { pem } = await world.authority.sign(await readSigningRequest(await signingRequest(key)), "acme", "main");
    expect(await dial({ cert: pem, key })).toBe("let in");
  });

  it("lets no certificate in of our authority that names no cluster, such as the relay's own", async () => {
    expect(await dial(world.certificates.relay)).toMatch(/closed|alert|ECONNRESET/);
  });

  it("lets no connection without a certificate in", async () => {
    expect(await dial({})).toMatch(/closed|alert|ECONNRESET/);
  });
});

describe("region to compute plane", () => {
  it("passes signing requests through, with the user's own token", async () => {
    const answer = await upload("admin");
    expect(answer).toMatchObject({ nativeUrl: "s3://fast/acme/bundle.tgz", headers: { "content-md5": "abc" } });
    expect(answer.signedUrl).toContain("by=acme-admin");
  });

  it("takes out headers that only the inside may set", async () => {
    const answer = await upload("admin", {
      "x-biplane-cluster": "globex/main",
      "x-biplane-org": "globex",
      "x-other": "1",
    });
    const seen = answer.headers["seen-headers"]?.split(",") ?? [];
    expect(seen.filter((name) => name.startsWith("x-biplane-"))).toEqual([]);
  });

  it("refuses a request that names another organisation", async () => {
    const call = client(DataProxyService).createUploadLocation({ org: "globex" }, as("admin"));
    await expect(call).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it("has no compute plane for an organisation without one", async () => {
    await expect(upload("stranger")).rejects.toMatchObject({ code: Code.FailedPrecondition });
  });

  it("does not reach a plane of another organisation, even from inside the region", async () => {
    const relay = upstream(world.relayUrl);
    const call = createClient(DataProxyService, relay.transport).createUploadLocation(
      {},
      { headers: { ...as("stranger").headers, "x-biplane-cluster": "acme/main" } },
    );
    await expect(call).rejects.toMatchObject({ code: Code.PermissionDenied });
    relay.close();
  });

  it("reaches only the two services of a plane", async () => {
    const relay = upstream(world.relayUrl);
    const headers = { ...as("admin").headers, "x-biplane-cluster": "acme/main" };
    const call = createClient(ClusterService, relay.transport).selectCluster({}, { headers });
    await expect(call).rejects.toMatchObject({ code: Code.Unimplemented });
    relay.close();
  });

  it("answers inputs of an action that has no outputs yet", async () => {
    const actionId = { name: "a0", run: { org: "acme", project: "demo", domain: "development", name: "r" } };
    const data = await client(DataProxyService).getActionData({ actionId }, as("viewer"));
    expect([data.inputs?.literals[0]?.name, data.outputs]).toEqual(["x", undefined]);
  });

  it("has a URL signed for an action's inputs and for its outputs, each for one object", async () => {
    const place = { org: "acme", project: "demo", domain: "development", run: "r", action: "a0" };
    const signed = (kind: ActionDataKind) =>
      client(ActionDataService).presignActionData({ ...place, kind }, as("admin"));
    const inputs = await signed(ActionDataKind.INPUTS);
    expect(inputs).toMatchObject({
      signedUrl: "https://metadata/acme/demo/development/in/inputs.pb",
      expiresAt: { seconds: 1_800_000_000n },
    });
    const outputs = await signed(ActionDataKind.OUTPUTS);
    expect(outputs.signedUrl).toBe("https://metadata/missing/outputs.pb");
    await expect(signed(ActionDataKind.UNSPECIFIED)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(/^kind is .*allowed: INPUTS or OUTPUTS/),
    });
  });

  it("takes several large uploads at once", async () => {
    const text = randomBytes(6 * 1024 * 1024).toString("base64");
    const uploads = await Promise.all(Array.from({ length: 5 }, () => uploadInputs(text)));
    expect(new Set(uploads.map(({ offloadedInputData }) => offloadedInputData?.uri)).size).toBe(1);
  });

  it("brings inputs that come with a trigger to the plane, as whoever deploys it, and a viewer's nowhere", async () => {
    const inputs = create(InputsSchema, { context: [{ key: "_u_kickoff_time_input_arg", value: "at" }] });
    const put = async (who: "admin" | "viewer") => {
      const caller = {
        org: "acme",
        subject: who,
        kind: "application",
        role: "none",
        grants: [],
        token: tokens[who] ?? "",
      } as const;
      const place = { project: "demo", domain: "development" };
      return triggerInputs(transport()).put(caller, place, create(TaskSpecSchema), inputs, AbortSignal.timeout(10_000));
    };
    const whole = inputsPut().length;
    expect((await put("admin")).uri).toMatch(/^s3:\/\/metadata\/acme\/demo\/development\/inputs\/[0-9a-f]{64}$/);
    expect(inputsPut().slice(whole)).toEqual([toBinary(InputsSchema, inputs).byteLength]);
    await expect(put("viewer")).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect(inputsPut().length).toBe(whole + 1);
  });

  it("passes empty messages of quiet logs on as they come", async () => {
    const times: number[] = [];
    const messages: string[] = [];
    for await (const { logs } of tail("quiet")) {
      times.push(Date.now());
      messages.push(...logs.flatMap(({ lines }) => lines.map(({ message }) => message)));
    }
    expect(messages).toEqual(["first", "last"]);
    expect(times.length).toBe(12);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(700);
  });

  it("says not_found for logs that do not exist yet", async () => {
    await expect(tail("unknown")[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("holds a fast plane back while the client does not read, and then loses nothing", {
    timeout: 180_000,
  }, async () => {
    const stream = tail("flood")[Symbol.asyncIterator]();
    try {
      await stream.next();
      await sleep(1_000);
      // 25 MiB are on offer; what is under way is bounded by the windows of the hops.
      expect(floodLinesSent()).toBeLessThan(150);
      let lines = 1;
      for (let next = await stream.next(); !next.done; next = await stream.next()) {
        // None where a busy machine lost the tunnel, and the log went on over the next.
        for (const { lines: more } of next.value.logs) lines += more.length;
      }
      expect(lines).toBe(400);
    } finally {
      // Unread, it would hold the session's memory, and every later test would be refused.
      await stream.return?.();
    }
  });
});

describe("compute plane to region", () => {
  const lease = (headers: Record<string, string> = {}) =>
    leaseOf(createClient(ExecutorQueueService, upstream(tunnel.url).transport), headers);

  it("names the cluster by its certificate, whatever the caller claims", async () => {
    const forged = { authorization: `Bearer ${tokens.stranger}`, "x-biplane-cluster": "globex/main" };
    const first = await lease(forged).next();
    expect(first.value?.message.value).toMatchObject({ reason: "acme/main" });
  });

  it("tells the cluster the projects of its own organisation, whatever it claims", async () => {
    const directory = createClient(ProjectDirectoryService, upstream(tunnel.url).transport);
    const headers = { authorization: `Bearer ${tokens.stranger}`, "x-biplane-cluster": "globex/main" };
    const { value: told } = await directory.watchProjects({}, { headers })[Symbol.asyncIterator]().next();
    expect(told?.message.value).toMatchObject({ projects: [{ id: "acme-main" }] });
  });

  it("keeps a stream open while it is quiet", async () => {
    const stream = lease();
    for (let message = 0; message < 10; message++) expect((await stream.next()).done).toBe(false);
    await stream.return?.();
  });

  it("serves nothing else to the cluster", async () => {
    const call = createClient(IdentityService, upstream(tunnel.url).transport).userInfo({});
    await expect(call).rejects.toMatchObject({ code: Code.Unimplemented });
  });
});

describe("a tunnel that is cut", () => {
  it.each(["cut", "freeze"] as const)(
    "is dialled again within five seconds after a %s, and requests go on",
    async (harm) => {
      const before = count("a tunnel is open");
      world.network[harm]();
      await until(async () => count("a tunnel is open") >= before + 2, 5_000);
      await until(goesThrough, 5_000);
    },
  );

  it("ends the cluster's calls that were on it", async () => {
    const queue = createClient(ExecutorQueueService, upstream(tunnel.url).transport);
    let lease = leaseOf(queue);
    // The way to the region may still be the one that the test before has cut.
    await until(async () => {
      const begun = await lease.next().catch(() => undefined);
      if (!begun) lease = leaseOf(queue);
      return begun !== undefined;
    });
    world.network.cut();
    expect([Code.Internal, Code.Unavailable]).toContain((await drained(lease))?.code);
    await until(goesThrough, 5_000);
  });

  it.each(["cut", "freeze"] as const)(
    "costs a log that is followed no line and doubles none, by a %s",
    async (harm) => {
      const lines: string[] = [];
      for await (const { logs } of tail("counting")) {
        const before = lines.length;
        lines.push(...logs.flatMap((each) => each.lines.map(({ message }) => message)));
        for (const at of [70, 260, 430]) if (before < at && lines.length >= at) world.network[harm]();
      }
      expect(lines).toEqual(Array.from({ length: countingLines }, (_, line) => `line ${line}`));
      expect(count("a stream was lost and is taken up again")).toBeGreaterThanOrEqual(3);
    },
  );

  it("costs an upload in its midst a refusal that may be repeated, and half of it is nowhere", async () => {
    const [whole, mebibyte] = [inputsPut().length, 1024 * 1024];
    const text = randomBytes(6 * mebibyte).toString("base64");
    world.network.cutAfter(2 * mebibyte);
    await expect(uploadInputs(text)).rejects.toMatchObject({ code: Code.Unavailable });
    expect(inputsPut().length).toBe(whole);
    await until(goesThrough);
    const first = await uploadInputs(text);
    expect(inputsPut().slice(whole)).toEqual([expect.toSatisfy((bytes: number) => bytes > text.length)]);
    expect((await uploadInputs(text)).offloadedInputData).toEqual(first.offloadedInputData);
  });

  it("comes back with the identity that it saved, not with the token", async () => {
    await tunnel.service.stop();
    tunnel = await world.startTunnel({ token: "forgotten", store: tunnel.store });
    await until(async () => (await ready(tunnel)) === 200);
    await until(goesThrough, 5_000);
  });

  it("rotates a certificate that is past two thirds of its life, to a new key, and requests go on", async () => {
    const { key = "", ...rest } = tunnel.store.saved;
    const old = await world.authority.sign(
      await readSigningRequest(await signingRequest(key)),
      "acme",
      "main",
      hoursAgo(20),
    );
    tunnel = await restarted({ key, ...rest, certificate: old.pem });
    await until(async () => tunnel.store.saved.key !== key);
    expect(renewalTime(tunnel.store.saved.certificate ?? "")).toBeGreaterThan(Date.now());
    await until(async () => count("the certificate was rotated") === 1 && (await ready(tunnel)) === 200);
    await until(goesThrough, 5_000);
  });

  it.each(["ended", "foreign"])("registers again with its present key when its certificate is %s", async (what) => {
    const { key = "", ...rest } = tunnel.store.saved;
    const request = await readSigningRequest(await signingRequest(key));
    const made =
      what === "ended"
        ? await world.authority.sign(request, "acme", "main", hoursAgo(25))
        : await world.foreignAuthority.sign(request, "acme", "main");
    tunnel = await restarted({ key, ...rest, certificate: made.pem });
    await until(async () => (await ready(tunnel)) === 200, 20_000);
    await until(goesThrough, 5_000);
    expect(tunnel.store.saved.key).toBe(key);
  });

  it("is never ready with a token that the region refuses", async () => {
    const refused = await world.startTunnel({ token: "wrong", store: memoryStore() });
    await sleep(1_000);
    expect(await ready(refused)).toBe(503);
    await refused.service.stop();
  });
});

it("logs no token, no secret and no presigned query, at any level", () => {
  const all = world.lines.join("\n");
  const secrets = Object.values(world.applications).map(({ secret }) => secret);
  for (const secret of [
    ...secrets,
    ...Object.values(tokens),
    world.registrationToken,
    "seeded-signature",
    "PRIVATE KEY",
  ]) {
    expect(all.includes(secret)).toBe(false);
  }
});

function transport() {
  return createConnectTransport({ httpVersion: "2", baseUrl: `https://${world.gatewayHost}` });
}

function client<T extends Parameters<typeof createClient>[0]>(service: T) {
  return createClient(service, transport());
}

function as(who: keyof LinkWorld["applications"]) {
  return { headers: { authorization: `Bearer ${tokens[who]}` } };
}

function upload(who: keyof LinkWorld["applications"], headers: Record<string, string> = {}) {
  const request = { project: "demo", domain: "development", filename: "bundle.tgz", contentMd5: new Uint8Array(16) };
  return client(DataProxyService).createUploadLocation(request, { headers: { ...as(who).headers, ...headers } });
}

function uploadInputs(text: string) {
  const primitive = { value: { case: "stringValue" as const, value: text } };
  const scalar = { value: { case: "primitive" as const, value: primitive } };
  const value = { value: { case: "scalar" as const, value: scalar } };
  const id = { case: "projectId" as const, value: { organization: "acme", name: "demo", domain: "development" } };
  const request = {
    id,
    task: { case: "taskSpec" as const, value: {} },
    inputs: { literals: [{ name: "text", value }] },
  };
  return client(DataProxyService).uploadInputs(request, as("admin"));
}

function tail(run: string) {
  const actionId = { name: "a0", run: { org: "acme", project: "demo", domain: "development", name: run } };
  return client(DataProxyService).tailLogs({ actionId, attempt: 1 }, as("viewer"));
}

function leaseOf(
  queue: ReturnType<typeof createClient<typeof ExecutorQueueService>>,
  headers: Record<string, string> = {},
) {
  return queue
    .lease({ worker: "w", capacity: 1 }, { headers: { ...as("admin").headers, ...headers } })
    [Symbol.asyncIterator]();
}

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);

async function restarted(saved: MemoryStore["saved"]): Promise<Tunnel> {
  await tunnel.service.stop();
  const store = memoryStore();
  await store.save(saved);
  return world.startTunnel({ store });
}

/** Reads to the end. @returns the error that it ended with. */
async function drained(stream: AsyncIterator<unknown>): Promise<ConnectError | undefined> {
  try {
    while (!(await stream.next()).done);
    return undefined;
  } catch (error) {
    return ConnectError.from(error);
  }
}

async function signIn(clientId: string, secret: string) {
  const authorization = `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`)}`;
  const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
  const body = "grant_type=client_credentials&scope=all";
  const response = await fetch(`https://${world.gatewayHost}/oauth2/v1/token`, { method: "POST", headers, body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function post(path: string, type: string, body: string) {
  const response = await fetch(`https://${world.gatewayHost}${path}`, {
    method: "POST",
    headers: { ...as("admin").headers, "content-type": type, "connect-protocol-version": "1" },
    body: Buffer.from(body, "latin1"),
  });
  return { status: response.status, text: await response.text() };
}

/** Refused while no tunnel is open (unavailable), or cut on its way; any other refusal would not pass with time. */
async function goesThrough(): Promise<boolean> {
  try {
    await upload("admin");
    return true;
  } catch (error) {
    const { code } = ConnectError.from(error);
    if (![Code.Unavailable, Code.Canceled, Code.Aborted, Code.DeadlineExceeded, Code.FailedPrecondition].includes(code))
      throw error;
    return false;
  }
}

async function ready({ service }: Tunnel): Promise<number> {
  return (await fetch(`http://127.0.0.1:${service.healthPort}/readyz`)).status;
}

/** Dials as a tunnel does. @returns "let in" once the relay has sent its first frame, or how it failed. */
async function dial(pair: { cert?: string; key?: string }): Promise<string> {
  const [host = "", port] = world.relayHost.split(":");
  const options = { host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: [tunnelProtocol], ...pair };
  return new Promise((resolve) => {
    const socket = tls.connect(options);
    socket.once("error", (error) => resolve(error.message));
    socket.once("close", () => resolve("closed"));
    socket.once("data", (data) => {
      resolve(data.toString().startsWith("PRI * HTTP/2.0") ? "let in" : "something else came");
      socket.destroy();
    });
  });
}

const count = (message: string) => world.lines.filter((line) => line.includes(`"${message}"`)).length;
