import { setTimeout as sleep } from "node:timers/promises";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, expect, it } from "vitest";
import { IdentityService } from "../../gen/flyteidl2/auth/identity_pb.js";
import { StateService } from "../../gen/flyteidl2/workflow/state_service_pb.js";
import { tokenVerifier } from "./auth/verifier.ts";
import { type Upstream, upstream } from "./client.ts";
import { type RunningService, startService } from "./service.ts";
import { unrecorded } from "./testing/audit.ts";
import { byRole } from "./testing/authorizer.ts";
import { testIssuer } from "./testing/issuer.ts";
import { recordingLog } from "./testing/log.ts";

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

it("is alive but not ready while a dependency is missing", async () => {
  const { service } = await start(info, { ready: () => Promise.reject(new Error("password=hunter2 refused")) });
  const read = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${service.healthPort}${path}`);
    return [response.status, (await response.text()).trim()];
  };
  expect(await read("/healthz")).toEqual([200, "alive"]);
  expect(await read("/readyz")).toEqual([503, "password=[redacted] refused"]);
});
