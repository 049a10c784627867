import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createRouterTransport, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService, AuditSinkService, Decision } from "../../../gen/biplane/audit/v1/audit_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { authInterceptor } from "../../shared/auth/interceptor.ts";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import { errorInterceptor } from "../../shared/errors.ts";
import { byRole } from "../../shared/testing/authorizer.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { testIssuer } from "../../shared/testing/issuer.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { createRun, runId } from "../actions/testing/requests.ts";
import { runsRoutes } from "../runs/service.ts";
import { storedInputs } from "../runs/testing/stored-inputs.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { databaseSink } from "./records.ts";
import { remoteSink } from "./remote-sink.ts";
import { auditRoutes } from "./service.ts";

let store: TestStore;
let as: (sub: string, claims?: Record<string, unknown>) => Transport;
let tokenOf: (claims: Record<string, unknown>) => Promise<string>;

beforeAll(async () => {
  store = await openTestStore();
  const issuer = await testIssuer();
  tokenOf = issuer.token;
  const { log } = recordingLog();
  const auth = {
    verify: tokenVerifier([issuer.trusted]),
    authorize: byRole,
    audit: databaseSink(store.database),
  };
  as = (sub, claims = {}) =>
    createRouterTransport(
      (router) => {
        runsRoutes({ ...store, inputs: storedInputs })(router);
        auditRoutes(store.database)(router);
      },
      {
        router: { interceptors: [errorInterceptor(log), authInterceptor(auth)] },
        transport: {
          interceptors: [
            (next) => async (request) => {
              if (!request.header.has("authorization"))
                request.header.set("authorization", `Bearer ${await issuer.token({ sub, ...claims })}`);
              request.header.set("x-request-id", `of-${sub}`);
              return next(request);
            },
          ],
        },
      },
    );
});
afterAll(() => store[Symbol.asyncDispose]());

const read = async (query: Parameters<ReturnType<typeof client>["listRecords"]>[0] = {}, org = "acme") =>
  (await client(org).listRecords(query)).records;
const client = (org = "acme") => createClient(AuditService, as("auditor", { org }));
const words = ({ subject, decision, operation, resource, requestId }: Awaited<ReturnType<typeof read>>[number]) =>
  [subject, Decision[decision], operation.split("/")[1], resource, requestId].join(" ");

describe("the record", () => {
  it("tells who changed what and who was denied what, the newest first, to the organisation's own", async () => {
    const began = Date.now();
    await createClient(RunService, as("ann")).createRun(createRun("recorded"));
    await createClient(RunService, as("bob", { role: "viewer" }))
      .abortRun({ runId: runId("recorded") })
      .catch(ConnectError.from);
    await createClient(RunService, as("eve", { org: "globex" }))
      .getRunDetails({ runId: runId("recorded") })
      .catch(ConnectError.from);
    await createClient(RunService, as("ann")).getRunDetails({ runId: runId("recorded") });
    const records = await read();
    expect(records.map(words)).toEqual([
      "bob DENIED AbortRun demo/development/recorded of-bob",
      "ann ALLOWED CreateRun demo/development/recorded of-ann",
    ]);
    expect((await read({}, "globex")).map(words)).toEqual([
      "eve DENIED GetRunDetails demo/development/recorded of-eve",
    ]);
    for (const { at, subjectKind, reason, decision } of records) {
      expect(Number(at?.seconds) * 1000).toBeGreaterThan(began - 2_000);
      expect([subjectKind, reason === ""]).toEqual(["application", decision === Decision.ALLOWED]);
    }
  });

  it("is found by who, what, decision and time, page by page", async () => {
    expect((await read({ subject: "ann" })).length).toBe(1);
    expect((await read({ operation: "flyteidl2.workflow.RunService/AbortRun" })).length).toBe(1);
    expect((await read({ decision: Decision.DENIED })).map(({ subject }) => subject)).toEqual(["bob"]);
    expect(await read({ since: timestampFromMs(Date.now() + 60_000) })).toEqual([]);
    expect(await read({ until: timestampFromMs(Date.now() - 3_600_000) })).toEqual([]);
    const first = await client().listRecords({ limit: 1 });
    const second = await client().listRecords({ limit: 1, token: first.token });
    expect([first, second].flatMap(({ records }) => records.map(({ subject }) => subject))).toEqual(["bob", "ann"]);
    expect(second.token).toBe("");
    for (const wrong of [{ limit: 1001 }, { token: "1 or 1=1" }, { decision: 7 }]) {
      expect(await codeOf(client().listRecords(wrong))).toBe("InvalidArgument");
    }
  });

  it.each(["contributor", "viewer", "task"])("is not shown to a %s", async (role) => {
    expect(await codeOf(createClient(AuditService, as("x", { role })).listRecords({}))).toBe("PermissionDenied");
  });

  it("takes what a service without a database says, as the caller's own and of the caller's organisation", async () => {
    const keep = remoteSink(as("nobody"));
    const token = await tokenOf({ sub: "zoe", org: "globex", role: "viewer" });
    await keep(
      { org: "acme", subject: "ann", kind: "user", role: "admin", token },
      { operation: "a.B/C", resource: "p/d\0", decision: "denied", reason: "no", requestId: "r-1" },
    );
    const [newest] = await read({}, "globex");
    expect(newest).toMatchObject({ subject: "zoe", subjectKind: "application", operation: "a.B/C", resource: "p/d" });
    const call = createClient(AuditSinkService, as("zoe")).append({ decision: Decision.DENIED });
    await expect(call).rejects.toMatchObject({ code: Code.InvalidArgument });
  });
});
