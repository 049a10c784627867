import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { IdentityService } from "../../../gen/flyteidl2/auth/identity_pb.js";
import { DataProxyService } from "../../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { ProjectService } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { SecretService } from "../../../gen/flyteidl2/secret/secret_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { denied, unavailable } from "../errors.ts";
import { recordingSink } from "../testing/audit.ts";
import { byRole } from "../testing/authorizer.ts";
import { type TestIssuer, testIssuer } from "../testing/issuer.ts";
import { type AuditSink, requestIdOf } from "./audit.ts";
import type { Authorizer } from "./authorizer.ts";
import { callerOf } from "./caller.ts";
import { authInterceptor } from "./interceptor.ts";
import { builtinRoles } from "./permissions.ts";
import { tokenVerifier } from "./verifier.ts";
import { whileAllowed } from "./while-allowed.ts";

async function transport(authorize: Authorizer = byRole, sink?: AuditSink) {
  const issuer: TestIssuer = await testIssuer();
  const ran: string[] = [];
  const { audit: recording, kept } = recordingSink();
  const audit = sink ?? recording;
  const interceptors = [authInterceptor({ verify: tokenVerifier([issuer.trusted]), authorize, audit })];
  const made = createRouterTransport(
    ({ service }) => {
      service(IdentityService, { userInfo: (_request, context) => ({ subject: callerOf(context).subject }) });
      service(ProjectService, { createProject: () => ran.push("createProject") && {} });
      service(DataProxyService, { createUploadLocation: () => ran.push("createUploadLocation") && {} });
      service(SecretService, { createSecret: () => ran.push("createSecret") && {} });
      service(RunService, {
        async *watchRunDetails() {
          ran.push("watchRunDetails");
          yield {};
          yield {};
        },
      });
    },
    { router: { interceptors } },
  );
  const headers = async (claims = {}) => ({ headers: { authorization: `Bearer ${await issuer.token(claims)}` } });
  return { made, ran, kept, headers };
}

const inPlace: Authorizer = async () => ({
  grants: [{ permissions: builtinRoles.contributor, project: "p", domain: "development" }],
});

describe("the interceptor", () => {
  it("hands the caller to the service", async () => {
    const { made, headers } = await transport();
    expect((await createClient(IdentityService, made).userInfo({}, await headers({ sub: "ann" }))).subject).toBe("ann");
  });

  it("records whatever staff call, and of others what changes something", async () => {
    const { made, headers, kept } = await transport();
    for (const kind of ["user", "staff"]) {
      const as = await headers({ kind, role: "viewer", sub: kind });
      await createClient(IdentityService, made).userInfo({}, as);
      for await (const _ of createClient(RunService, made).watchRunDetails({ runId: { org: "acme" } }, as)) break;
    }
    expect(kept).toEqual([
      "acme/staff allowed IdentityService/UserInfo",
      "acme/staff allowed RunService/WatchRunDetails",
    ]);
  });

  it("keeps the record of a change before it is made, and of what only its answer changes before that is given", async () => {
    const waiting = Promise.withResolvers<void>();
    const { made, ran, headers } = await transport(byRole, () => waiting.promise);
    const as = await headers({ role: "admin" });
    const ended: string[] = [];
    const calls = [
      createClient(ProjectService, made).createProject({}, as),
      createClient(DataProxyService, made).createUploadLocation({}, as),
    ].map((call) => call.then(() => ended.push("ended")));
    await vi.waitFor(() => expect(ran).toEqual(["createUploadLocation"]), 30_000);
    expect(ended).toEqual([]);
    waiting.resolve();
    await Promise.all(calls);
    expect(ran).toEqual(["createUploadLocation", "createProject"]);
  });

  it("answers nothing that cannot be recorded", async () => {
    const lost: AuditSink = () => Promise.reject(new Error("the disk is full"));
    const { made, headers } = await transport(byRole, lost);
    const call = createClient(DataProxyService, made).createUploadLocation({}, await headers({ role: "admin" }));
    await expect(call).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it("refuses what the caller was not granted, before the service runs", async () => {
    const { made, headers, ran } = await transport();
    const call = createClient(ProjectService, made).createProject({}, await headers({ role: "contributor" }));
    await expect(call).rejects.toMatchObject({
      code: Code.PermissionDenied,
      rawMessage: "CreateProject needs administer_project, which the caller was not granted",
    });
    expect(ran).toEqual([]);
  });

  it("refuses it in another place than the one it was granted for", async () => {
    const { made, headers, ran } = await transport(inPlace);
    const secrets = createClient(SecretService, made);
    const id = (domain: string) => ({ id: { project: "p", domain, name: "s" } });
    await secrets.createSecret(id("development"), await headers());
    for (const other of [id("production"), { id: { name: "s" } }, {}]) {
      await expect(secrets.createSecret(other, await headers())).rejects.toMatchObject({
        code: Code.PermissionDenied,
      });
    }
    expect(ran).toEqual(["createSecret"]);
  });

  it("reads a stream's request before the service does, and loses nothing of it", async () => {
    const { made, headers, ran } = await transport(inPlace);
    const runs = createClient(RunService, made);
    const watch = async (project: string) => {
      const all = [];
      const request = { runId: { project, domain: "development", name: "r" } };
      for await (const one of runs.watchRunDetails(request, await headers())) all.push(one);
      return all.length;
    };
    await expect(watch("q")).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect(ran).toEqual([]);
    expect(await watch("p")).toBe(2);
  });

  it("refuses a forged organisation before the service runs", async () => {
    const { made, headers, ran } = await transport();
    const call = createClient(SecretService, made).createSecret({ id: { organization: "globex" } }, await headers());
    await expect(call).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect(ran).toEqual([]);
  });

  it("serves nobody while it cannot be known what callers may do", async () => {
    const { made, headers } = await transport(async () => {
      throw unavailable("lost");
    });
    const call = createClient(IdentityService, made).userInfo({}, await headers());
    await expect(call).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it("serves nobody where it was forgotten", async () => {
    const forgotten = createRouterTransport(({ service }) => {
      service(IdentityService, { userInfo: (_request, context) => ({ subject: callerOf(context).subject }) });
    });
    await expect(createClient(IdentityService, forgotten).userInfo({})).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });
});

describe("the record", () => {
  const secrets = (made: Parameters<typeof createClient>[1]) => createClient(SecretService, made);
  const id = (domain: string) => ({ id: { project: "p", domain, name: "s" } });

  it("has each change that is allowed, and each request that is denied, with what it names", async () => {
    const { made, headers, kept } = await transport(inPlace);
    await secrets(made).createSecret(id("development"), await headers({ sub: "ann" }));
    await secrets(made)
      .createSecret(id("production"), await headers({ sub: "ann" }))
      .catch(ConnectError.from);
    await createClient(IdentityService, made).userInfo({}, await headers());
    expect(kept).toEqual([
      "acme/ann allowed SecretService/CreateSecret p/development/s",
      "acme/ann denied SecretService/CreateSecret p/production/s",
    ]);
  });

  it("is kept before the change is made, and without it nothing is", async () => {
    const order: string[] = [];
    const slow = await transport(inPlace, async () => {
      await sleep(20);
      order.push(`kept, ran ${slow.ran.length}`);
    });
    await secrets(slow.made).createSecret(id("development"), await slow.headers());
    expect(order).toEqual(["kept, ran 0"]);
    const { made, headers, ran } = await transport(inPlace, async () => {
      throw new Error("the database is gone");
    });
    for (const domain of ["development", "production"]) {
      const call = secrets(made).createSecret(id(domain), await headers());
      await expect(call).rejects.toMatchObject({ code: Code.Unavailable });
    }
    expect(ran).toEqual([]);
  });

  it("takes the client's request id where it is one", () => {
    expect(requestIdOf("demo-development-r1-a0-x1y2")).toBe("demo-development-r1-a0-x1y2");
    for (const wrong of [null, "", "a b", "x".repeat(129), "a\nb"])
      expect(requestIdOf(wrong)).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("a stream", () => {
  it("has its caller's newest statement, for what it opens anew", async () => {
    const issuer = await testIssuer();
    let stated = 0;
    const authorize: Authorizer = async () => ({
      grants: [{ permissions: builtinRoles.viewer, project: "", domain: "" }],
      statement: String(++stated),
    });
    const auth = {
      verify: tokenVerifier([issuer.trusted]),
      authorize,
      audit: recordingSink().audit,
      again: { everyMs: 10 },
    };
    const made = createRouterTransport(
      ({ service }) =>
        service(RunService, {
          async *watchRunDetails(_request, context) {
            const first = callerOf(context).statement;
            while (callerOf(context).statement === first) await sleep(5);
            yield {};
          },
        }),
      { router: { interceptors: [authInterceptor(auth)] } },
    );
    const headers = { authorization: `Bearer ${await issuer.token()}` };
    const all = [];
    for await (const one of createClient(RunService, made).watchRunDetails({}, { headers })) all.push(one);
    expect(all.length).toBe(1);
  });

  const times = { everyMs: 20, patienceMs: 100 };
  async function* forEver(signal: AbortSignal) {
    yield "first";
    while (!signal.aborted) await sleep(10);
  }
  const follow = async (allowed: () => Promise<unknown>, signal: AbortSignal) => {
    const seen: string[] = [];
    for await (const message of whileAllowed(forEver(signal), allowed, signal, times)) seen.push(message);
    return seen;
  };

  it("ends when its caller may no longer have it, though nothing is said in it", async () => {
    const over = new AbortController();
    let asked = 0;
    const allowed = async () => {
      if (++asked > 2) throw denied("no more");
    };
    await expect(follow(allowed, over.signal)).rejects.toMatchObject({ code: Code.PermissionDenied });
    over.abort();
  });

  it("outlives a short time in which nobody can say, and no longer one", async () => {
    const over = new AbortController();
    const began = Date.now();
    const lost = async () => {
      throw unavailable("lost");
    };
    await expect(follow(lost, over.signal)).rejects.toMatchObject({ code: Code.Unavailable });
    expect(Date.now() - began).toBeGreaterThan(100);
    over.abort();
  });
});
