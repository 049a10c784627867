import { randomBytes } from "node:crypto";
import { Code, createClient, createRouterTransport, type Transport } from "@connectrpc/connect";
import { createLocalJWKSet, decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthorizerService, PolicyService } from "../../../gen/biplane/policy/v1/policy_pb.js";
import { ProjectService } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { remoteAuthorizer, statedAuthorizer, statementLifetimeSeconds } from "../../shared/auth/authorizer.ts";
import type { Identified } from "../../shared/auth/caller.ts";
import { authInterceptor } from "../../shared/auth/interceptor.ts";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import { type Bootstrap, sha256 } from "../../shared/bootstrap.ts";
import { errorInterceptor } from "../../shared/errors.ts";
import { type Database, type Transaction, textOf } from "../../shared/postgres.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { type TestIssuer, testIssuer } from "../../shared/testing/issuer.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { createRun, runId } from "../actions/testing/requests.ts";
import { databaseSink } from "../audit/records.ts";
import { runsRoutes } from "../runs/service.ts";
import { storedInputs } from "../runs/testing/stored-inputs.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { applicationStore } from "./applications.ts";
import { authorizerService, localAuthorizer } from "./authorizer-service.ts";
import { grantStore } from "./grants.ts";
import { policyStore } from "./policies.ts";
import { policyService } from "./policy-service.ts";
import { createSigner } from "./signing.ts";
import { newSigningKey } from "./testing/signing-key.ts";

let store: TestStore;
let issuer: TestIssuer;
let identity: (claims: Record<string, unknown>) => Transport;
const { log } = recordingLog();

const application = (org: string, clientId: string, role: Bootstrap["applications"][number]["role"]) => ({
  org,
  clientId,
  secretSha256: sha256(randomBytes(16)).toString("hex"),
  role,
  places: [],
});

beforeAll(async () => {
  store = await openTestStore();
  issuer = await testIssuer();
  await applicationStore(store.database).bootstrap([
    ...["acme", "globex"].flatMap((org) => [
      application(org, `${org}-admin`, "admin"),
      application(org, `${org}-viewer`, "viewer"),
      application(org, `${org}-ci`, "none"),
    ]),
    { ...application("acme", "bound", "contributor"), places: [{ project: "demo", domain: "development" }] },
  ]);
  const signer = await createSigner("https://region.biplane.test", newSigningKey());
  const interceptors = [
    errorInterceptor(log),
    authInterceptor({
      verify: tokenVerifier([issuer.trusted]),
      authorize: localAuthorizer(grantStore(store.database)),
      audit: databaseSink(store.database),
    }),
  ];
  identity = (claims) =>
    createRouterTransport(
      (router) => {
        router.service(PolicyService, policyService(policyStore(store.database)));
        router.service(AuthorizerService, authorizerService(signer));
      },
      { router: { interceptors }, transport: { interceptors: [bearer(claims)] } },
    );
});
afterAll(() => store[Symbol.asyncDispose]());

function bearer(claims: Record<string, unknown>) {
  return (next: Parameters<ReturnType<typeof authInterceptor>>[0]): typeof next =>
    async (request) => {
      if (!request.header.has("authorization")) {
        request.header.set("authorization", `Bearer ${await issuer.token(claims)}`);
      }
      return next(request);
    };
}

const as = (sub: string, org = "acme") => createClient(PolicyService, identity({ sub, org }));
const grantsOf = async (sub: string, org = "acme") =>
  (await createClient(AuthorizerService, identity({ sub, org })).resolve({})).grants;

const runner = {
  document: {
    case: "role" as const,
    value: { name: "runner", description: "runs", actions: ["view_flyte_executions", "create_flyte_executions"] },
  },
};
const policy = (name: string, bindings: { role: string; project?: string; domain?: string }[]) => ({
  document: { case: "policy" as const, value: { name, bindings } },
});
const assignment = (name: string, ...applications: string[]) => ({
  document: { case: "assignment" as const, value: { policy: name, assignees: { applications } } },
});

describe("policies", () => {
  it("bind built-in and own roles at every width, and are answered as they were applied", async () => {
    const bindings = [
      { role: "contributor", project: "demo", domain: "development" },
      { role: "runner", project: "", domain: "staging" },
      { role: "viewer", project: "", domain: "" },
    ];
    await as("acme-admin").apply({
      documents: [runner, policy("team-a", bindings), assignment("team-a", "acme-ci")],
    });
    const { found } = await as("acme-admin").get({ named: { case: "policy", value: "team-a" } });
    expect(found.value).toMatchObject({
      name: "team-a",
      bindings,
      assignees: { applications: ["acme-ci"], users: [] },
    });
    expect(
      (await grantsOf("acme-ci")).map(({ actions, project, domain }) => [actions.length, project, domain]),
    ).toEqual([
      [5, "demo", "development"],
      [2, "", "staging"],
      [2, "", ""],
    ]);
    const { roles, policies } = await as("acme-admin").list({});
    expect(roles.filter(({ builtin }) => builtin).map(({ name }) => name)).toEqual(["admin", "contributor", "viewer"]);
    expect(roles.find(({ name }) => name === "runner")).toMatchObject({
      description: "runs",
      actions: runner.document.value.actions,
    });
    expect(policies.map(({ name }) => name)).toEqual(["admin", "contributor", "viewer", "team-a"]);
  });

  it("are taken from whom a new assignment does not name", async () => {
    await as("acme-admin").apply({
      documents: [policy("short", [{ role: "viewer" }]), assignment("short", "acme-ci")],
    });
    const before = (await grantsOf("acme-ci")).length;
    await as("acme-admin").apply({ documents: [assignment("short")] });
    expect((await grantsOf("acme-ci")).length).toBe(before - 1);
  });

  it("are assigned too where they are built in", async () => {
    await as("globex-admin", "globex").apply({ documents: [assignment("viewer", "globex-ci")] });
    expect(await grantsOf("globex-ci", "globex")).toMatchObject([{ project: "", domain: "" }]);
    const { policies } = await as("globex-admin", "globex").list({});
    expect(policies.find(({ name }) => name === "viewer")?.assignees?.applications).toEqual(["globex-ci"]);
  });

  it("apply whole or not at all", async () => {
    const documents = [policy("half", [{ role: "viewer" }]), policy("other", [{ role: "unheard-of" }])];
    await expect(as("acme-admin").apply({ documents })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: "policy other names the role unheard-of, which does not exist; nothing was applied",
    });
    await expect(as("acme-admin").get({ named: { case: "policy", value: "half" } })).rejects.toMatchObject({
      code: Code.NotFound,
    });
  });

  it("of another organisation are as if they were not there", async () => {
    const theirs = as("globex-admin", "globex");
    for (const value of ["team-a", "never-was"]) {
      await expect(theirs.get({ named: { case: "policy", value } })).rejects.toMatchObject({
        code: Code.NotFound,
        rawMessage: `the policy "${value}" does not exist`,
      });
      await expect(theirs.delete({ named: { case: "policy", value } })).rejects.toMatchObject({ code: Code.NotFound });
    }
    for (const clientId of ["acme-ci", "never-was"]) {
      await expect(theirs.apply({ documents: [assignment("viewer", clientId)] })).rejects.toMatchObject({
        code: Code.FailedPrecondition,
        rawMessage: `assignment of viewer names the application ${clientId}, which does not exist; nothing was applied`,
      });
    }
  });

  it("stay while something refers to them", async () => {
    const admin = as("acme-admin");
    await admin.apply({
      documents: [{ ...runner }, policy("held", [{ role: "runner" }]), assignment("held", "acme-ci")],
    });
    await expect(admin.delete({ named: { case: "role", value: "runner" } })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
    });
    await expect(admin.delete({ named: { case: "policy", value: "held" } })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
    });
    await admin.apply({ documents: [assignment("held")] });
    await admin.delete({ named: { case: "policy", value: "held" } });
    await expect(admin.get({ named: { case: "policy", value: "held" } })).rejects.toMatchObject({
      code: Code.NotFound,
    });
  });

  const wrong: [string, Parameters<ReturnType<typeof as>["apply"]>[0]["documents"], RegExp][] = [
    ["none", [], /documents is 0; allowed: 1 to 100/],
    ["one of no kind", [{}], /document is missing|document; allowed|document .*allowed/],
    [
      "a project without a domain",
      [policy("p", [{ role: "viewer", project: "demo" }])],
      /policy p: resource is .*demo/,
    ],
    ["no bindings", [policy("p", [])], /policy p: bindings is 0/],
    ["a built-in name", [policy("admin", [{ role: "viewer" }])], /policy: name is "admin"/],
    ["a name with a slash", [policy("a/b", [{ role: "viewer" }])], /policy: name is "a\/b"/],
    ["one policy twice", [policy("p", [{ role: "viewer" }]), policy("p", [{ role: "viewer" }])], /policy is "p"/],
    [
      "an unknown action",
      [{ document: { case: "role", value: { name: "r", actions: ["rule_the_world"] } } }],
      /role r: actions is "rule_the_world"; allowed: view_flyte_inventory, /,
    ],
  ];
  it.each(wrong)("are refused: %s", async (_what, documents, message) => {
    await expect(as("acme-admin").apply({ ...(documents ? { documents } : {}) })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(message),
    });
  });

  it.each(["acme-viewer", "acme-ci", "bound"])("are nothing that %s may see or change", async (sub) => {
    const calls = [
      as(sub).apply({ documents: [runner] }),
      as(sub).list({}),
      as(sub).get({ named: { case: "policy", value: "team-a" } }),
      as(sub).delete({ named: { case: "policy", value: "team-a" } }),
    ];
    expect(new Set(await Promise.all(calls.map(codeOf)))).toEqual(new Set(["PermissionDenied"]));
  });
});

describe("what a caller may do", () => {
  it("is nothing for one who is there no more, whatever the token says", async () => {
    await expect(grantsOf("gone")).rejects.toMatchObject({ code: Code.Unauthenticated });
    await expect(grantsOf("acme-admin", "globex")).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  it("is signed for a minute, and read by a compute plane for that caller only", async () => {
    const signer = await createSigner("https://region.biplane.test", newSigningKey());
    const statement = await signer.state({ org: "acme", subject: "ann" }, [
      { permissions: ["view_flyte_executions"], project: "demo", domain: "development" },
    ]);
    const { exp = 0, iat = 0 } = decodeJwt(statement);
    expect(exp - iat).toBe(statementLifetimeSeconds);
    const authorize = statedAuthorizer({ issuer: "https://region.biplane.test", keys: createLocalJWKSet(signer.keys) });
    const ann: Identified = { org: "acme", subject: "ann", kind: "user", role: "none", token: "" };
    const headers = new Headers({ "biplane-grants": statement });
    expect((await authorize(ann, headers)).grants).toMatchObject([{ project: "demo" }]);
    for (const other of [
      { ...ann, org: "globex" },
      { ...ann, subject: "bob" },
    ]) {
      await expect(authorize(other, headers)).rejects.toMatchObject({ code: Code.PermissionDenied });
    }
    const token = await signer.sign({
      org: "acme",
      subject: "ann",
      kind: "application",
      role: "admin",
      apiKey: null,
    });
    for (const wrong of [undefined, "x.y.z", token]) {
      const given = new Headers(wrong ? { "biplane-grants": wrong } : {});
      await expect(authorize(ann, given)).rejects.toMatchObject({ code: Code.PermissionDenied });
    }
  });
});

describe("the services of runs, with what Identity says", () => {
  const statements: string[] = [];
  const spied = (database: Database): Database => ({
    ...database,
    withOrg: (org, work, locks) =>
      database.withOrg(
        org,
        (transaction) => {
          const told =
            (way: "query" | "last"): Transaction["query"] =>
            (text, values) => {
              statements.push(textOf(text));
              return transaction[way](text, values);
            };
          return work({ query: told("query"), last: told("last") });
        },
        locks,
      ),
  });
  const runs = (sub: string, org = "acme") => {
    // Nothing is kept, so that each call shows what is so at that moment.
    const authorize = remoteAuthorizer(identity({ sub, org }), () => Number.MAX_SAFE_INTEGER);
    return createRouterTransport(
      runsRoutes({ database: spied(store.database), hub: store.hub, inputs: storedInputs }),
      {
        router: {
          interceptors: [
            errorInterceptor(log),
            authInterceptor({
              verify: tokenVerifier([issuer.trusted]),
              authorize,
              audit: databaseSink(store.database),
            }),
          ],
        },
        transport: { interceptors: [bearer({ sub, org, role: "none" })] },
      },
    );
  };

  it("run no SQL for a request that is denied", async () => {
    const bound = createClient(RunService, runs("bound"));
    await bound.createRun(createRun("allowed"));
    expect(statements.length).toBeGreaterThan(0);
    statements.length = 0;
    const elsewhere = { ...runId("denied"), domain: "production" };
    const calls = [
      bound.createRun(createRun("denied", { id: { case: "runId", value: elsewhere } })),
      bound.getRunDetails({ runId: elsewhere }),
      bound.abortRun({ runId: elsewhere }),
      bound.listActions({ runId: elsewhere }),
      createClient(RunService, runs("acme-viewer")).createRun(createRun("denied")),
      createClient(ProjectService, runs("bound")).createProject({ project: { id: "mine" } }),
      createClient(RunService, runs("globex-admin", "globex")).getRunDetails({ runId: runId("allowed") }),
    ];
    expect(new Set(await Promise.all(calls.map(codeOf)))).toEqual(new Set(["PermissionDenied"]));
    expect(statements).toEqual([]);
  });

  it("list nothing from where the caller may not look", async () => {
    const production = { ...runId("hidden"), domain: "production" };
    const admin = createClient(RunService, runs("acme-admin"));
    const inputs = { uri: "s3://metadata/acme/demo/production/inputs/0123", inputsHash: "hash" };
    await admin.createRun(
      createRun("hidden", {
        id: { case: "runId", value: production },
        inputWrapper: { case: "offloadedInputData", value: inputs },
      }),
    );
    await createClient(ProjectService, runs("acme-admin")).createProject({ project: { id: "secret" } });
    const seen = async (sub: string) => {
      const { runs: all } = await createClient(RunService, runs(sub)).listRuns({});
      const projects = await createClient(ProjectService, runs(sub)).listProjects({});
      return [all.map(({ action }) => action?.id?.run?.name), projects.projects?.projects.map(({ id }) => id)];
    };
    const [allRuns, allProjects] = await seen("acme-admin");
    expect(allRuns).toEqual(expect.arrayContaining(["allowed", "hidden"]));
    expect(allProjects).toEqual(expect.arrayContaining(["demo", "secret"]));
    expect(await seen("bound")).toEqual([["allowed"], ["demo"]]);
  });

  it("follow a policy at once, given and taken", async () => {
    const admin = as("globex-admin", "globex");
    await admin.apply({ documents: [assignment("viewer"), assignment("contributor")] });
    const list = () => createClient(RunService, runs("globex-ci", "globex")).listRuns({});
    await expect(list()).rejects.toMatchObject({ code: Code.PermissionDenied });
    await admin.apply({ documents: [assignment("viewer", "globex-ci")] });
    await list();
    await admin.apply({ documents: [assignment("viewer")] });
    await expect(list()).rejects.toMatchObject({ code: Code.PermissionDenied });
  });
});
