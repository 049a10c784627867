import { setTimeout as sleep } from "node:timers/promises";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { IdentityService } from "../../gen/flyteidl2/auth/identity_pb.js";
import { StateService } from "../../gen/flyteidl2/workflow/state_service_pb.js";
import { tokenVerifier } from "./auth/verifier.ts";
import { type Upstream, upstream } from "./client.ts";
import { type RunningService, startService } from "./service.ts";
import { unrecorded } from "./testing/audit.ts";
import { byRole } from "./testing/authorizer.ts";
import { postText } from "./testing/http2.ts";
import { testIssuer } from "./testing/issuer.ts";
import { recordingLog } from "./testing/log.ts";
import { metricValue, scrape, seriesOf } from "./testing/prometheus.ts";
import { until } from "./testing/until.ts";

let running: RunningService | undefined;
let caller: Upstream | undefined;
afterEach(async () => {
  caller?.close();
  await running?.stop();
  running = undefined;
});

async function start(
  userInfo: () => Promise<{ subject: string }> | never,
  { ready, drainMs = 200 }: { ready?: () => Promise<void>; drainMs?: number } = {},
) {
  const issuer = await testIssuer();
  const { log, lines } = recordingLog();
  running = await startService(
    { name: "test", port: 0, healthPort: 0, log, lingerMs: 0, drainMs },
    {
      rpc: {
        verify: tokenVerifier([issuer.trusted]),
        authorize: byRole,
        audit: unrecorded,
        routes: (router) => {
          router.service(IdentityService, { userInfo });
          router.service(StateService, {
            async *watch(_request, context) {
              yield {};
              await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
            },
          });
        },
      },
      ...(ready ? { ready } : {}),
    },
  );
  caller = upstream(`http://127.0.0.1:${running.port}`);
  const options = { headers: { authorization: `Bearer ${await issuer.token()}` } };
  return { service: running, transport: caller.transport, options, lines };
}

const info = async () => ({ subject: "x" });

it("finishes the call in hand when it is told to stop", async () => {
  const inHand = Promise.withResolvers<void>();
  const slow = async () => {
    inHand.resolve();
    return sleep(50, { subject: "done" });
  };
  const { service, transport, options } = await start(slow, { drainMs: 20_000 });
  const call = createClient(IdentityService, transport).userInfo({}, options);
  await inHand.promise;
  await Promise.all([service.stop(), expect(call).resolves.toMatchObject({ subject: "done" })]);
  running = undefined;
});

it("tells streams to come again when it stops, instead of ending them as if all were said", async () => {
  const { service, transport, options } = await start(info);
  const stream = createClient(StateService, transport).watch({}, options)[Symbol.asyncIterator]();
  await stream.next();
  const next = stream.next();
  await Promise.all([service.stop(), expect(next).rejects.toMatchObject({ code: Code.Unavailable })]);
  running = undefined;
});

it("ends a watch by its deadline with deadline_exceeded", async () => {
  const { transport, options } = await start(info);
  const watch = createClient(StateService, transport).watch({}, { ...options, timeoutMs: 200 });
  const whole = async () => {
    for await (const _ of watch);
  };
  await expect(whole()).rejects.toMatchObject({ code: Code.DeadlineExceeded });
});

it("tells a client nothing of a bug but a reference, and the log everything", async () => {
  const { transport, options, lines } = await start(() => {
    throw new TypeError("column acme_secret_plan does not exist");
  });
  const error = await createClient(IdentityService, transport)
    .userInfo({}, options)
    .catch((thrown: Error) => thrown);
  const reference = /reference ([\w-]+)$/.exec((error as Error).message)?.[1];
  expect((error as Error).message).toBe(`[internal] internal error, reference ${reference}`);
  expect(lines.find((line) => line.includes("acme_secret_plan"))).toContain(reference);
});

it.each([
  ["a database that is restarting", Object.assign(new Error("terminating"), { code: "57P01" })],
  ["a service that is not there", Object.assign(new Error("connect"), { code: "ECONNREFUSED" })],
])("calls %s unavailable, so that clients try again", async (_what, error) => {
  const { transport, options } = await start(() => {
    throw error;
  });
  await expect(createClient(IdentityService, transport).userInfo({}, options)).rejects.toMatchObject({
    code: Code.Unavailable,
  });
});

it("listens for its probes alone where it serves nobody", async () => {
  const { log } = recordingLog();
  running = await startService({ name: "test", port: 0, healthPort: 0, log, lingerMs: 0, drainMs: 0 }, {});
  expect(running.port).toBe(0);
  expect((await fetch(`http://127.0.0.1:${running.healthPort}/readyz`)).status).toBe(200);
});

it("is alive but not ready while a dependency is missing", async () => {
  const { service } = await start(info, { ready: () => Promise.reject(new Error("password=hunter2 refused")) });
  const read = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${service.healthPort}${path}`);
    return [response.status, (await response.text()).trim()];
  };
  expect(await read("/healthz")).toEqual([200, "alive"]);
  expect(await read("/readyz")).toEqual([503, "password=[redacted] refused"]);
});

describe("what a scrape tells", () => {
  const userInfo = { rpc_service: "flyteidl2.auth.IdentityService", rpc_method: "UserInfo" };
  const watch = { rpc_service: "flyteidl2.workflow.StateService", rpc_method: "Watch" };
  const total = async (labels: Record<string, string>) =>
    metricValue((await scrape(running?.healthPort ?? 0)).families, "biplane_requests_total", labels);
  const inFlight = async () =>
    metricValue((await scrape(running?.healthPort ?? 0)).families, "biplane_requests_in_flight", watch);
  /** A request counts once its answer has ended on this side, which its caller may see earlier. */
  const grows = async (labels: Record<string, string>, by: number, work: () => Promise<unknown>) => {
    const before = await total(labels);
    await work();
    await until(async () => (await total(labels)) >= before + by);
    expect(await total(labels)).toBe(before + by);
  };
  const post = (path: string, type: string, body: string) => {
    if (!caller) throw new Error("no service runs");
    return postText(caller.sessions, path, { "content-type": type }, body);
  };

  it("counts calls by how they were answered", async () => {
    const { transport, options } = await start(info);
    const client = createClient(IdentityService, transport);
    await grows({ ...userInfo, code: "ok" }, 3, async () => {
      for (let call = 0; call < 3; call++) await client.userInfo({}, options);
    });
    await grows({ ...userInfo, code: "unauthenticated" }, 1, () => client.userInfo({}).catch(() => undefined));
    const { families } = await scrape(running?.healthPort ?? 0);
    const counted = metricValue(families, "biplane_requests_total", userInfo);
    expect(metricValue(families, "biplane_request_seconds_count", userInfo)).toBe(counted);
    expect(metricValue(families, "biplane_request_seconds_sum", userInfo)).toBeGreaterThan(0);
  });

  it("counts a bug, an outage, and a request that does not decode, as what their callers were told", async () => {
    const fails = (error: Error) => () => {
      throw error;
    };
    for (const [error, code] of [
      [new TypeError("x"), "internal"],
      [Object.assign(new Error("x"), { code: "57P01" }), "unavailable"],
    ] as const) {
      const { transport, options } = await start(fails(error));
      const client = createClient(IdentityService, transport);
      await grows({ ...userInfo, code }, 1, () => client.userInfo({}, options).catch(() => undefined));
      caller?.close();
      await running?.stop();
    }
    await start(info);
    const path = "/flyteidl2.auth.IdentityService/UserInfo";
    await grows({ ...userInfo, code: "invalid_argument" }, 1, () => post(path, "application/proto", "\xff\xff"));
    await grows({ ...userInfo, code: "http_4xx" }, 1, () => post(path, "text/html", "x"));
  });

  it("tells streams while they last, and whether their caller left or they were ended", async () => {
    const { transport, options } = await start(info);
    const before = await inFlight();
    const stop = new AbortController();
    const stream = createClient(StateService, transport).watch({}, { ...options, signal: stop.signal });
    const messages = stream[Symbol.asyncIterator]();
    await messages.next();
    expect(await inFlight()).toBe(before + 1);
    await grows({ ...watch, code: "canceled" }, 1, async () => {
      stop.abort();
      await messages.next().catch(() => undefined);
    });
    expect(await inFlight()).toBe(before);
    // Only told to the service: a client that counts too may leave first.
    const headers = { ...options.headers, "connect-timeout-ms": "200" };
    const timed = createClient(StateService, transport).watch({}, { headers });
    await grows({ ...watch, code: "deadline_exceeded" }, 1, async () => {
      const whole = async () => {
        for await (const _ of timed);
      };
      await expect(whole()).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    });
  });

  it("has no series more for paths that somebody makes up", async () => {
    await start(info);
    await post("/made.up.Service/Method", "application/json", "{}");
    await until(async () => (await total({ rpc_service: "other", rpc_method: "other" })) > 0);
    const before = seriesOf((await scrape(running?.healthPort ?? 0)).families);
    const unknown = { rpc_service: "other", rpc_method: "other", code: "unimplemented" };
    await grows(unknown, 200, async () => {
      for (let at = 0; at < 100; at++)
        await post(`/made.up.Service${at}/Method?token=needle`, "application/json", "{}");
      for (let at = 0; at < 100; at++)
        await post(`/flyteidl2.auth.IdentityService/Needle${at}`, "application/json", "{}");
    });
    const { text, families } = await scrape(running?.healthPort ?? 0);
    expect(seriesOf(families)).toEqual(before);
    expect(text.toLowerCase()).not.toMatch(/needle|made\.up/);
  });
});
