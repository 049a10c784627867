/** The region's staff at the edge: in the customer's organisation only while it lets them in, and never at its data. */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { beforeAll, expect, it } from "vitest";
import { AuditService } from "../../gen/biplane/audit/v1/audit_pb.js";
import { ClusterAdminService } from "../../gen/biplane/cluster/v1/registration_pb.js";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { passes, requestFor } from "../../services/testing/matrix.ts";
import { closed, nameOf, probe } from "../../services/testing/public-methods.ts";
import { api } from "../support/api.ts";
import { biplane } from "../support/biplane.ts";
import { runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { bearer, edge, signedIn } from "../support/identities.ts";
import { environment } from "../support/local-run.ts";
import { staffMember } from "../support/people.ts";

const { proves } = evidenceFor("tenancy/staff");
const { org, project, domain } = environment;
const { email } = environment.staff;
const transport = edge();
const walls = ["Unauthenticated", "PermissionDenied"];

let run: string;
let admin: Record<string, string>;
beforeAll(async () => {
  admin = await signedIn(org, "admin");
  const { name, result } = await runExample("hello", "hello", ["--name", "staff"], { prints: ["saying hello"] });
  expect(result.exitCode, result.stderr).toBe(0);
  run = name;
});

async function grant(role: string): Promise<string> {
  const { exitCode, output } = await biplane(["staff", "grant", email, "--role", role, "--reason", "the tests ask"]);
  expect(exitCode, output).toBe(0);
  return /: ([0-9a-f-]{36})$/m.exec(output)?.[1] ?? "";
}

const revoke = (grantId: string) => biplane(["staff", "revoke", grantId]);

async function codes(methods: typeof closed, headers: Record<string, string>): Promise<[string, string][]> {
  const answers: [string, string][] = [];
  for (const method of methods) {
    const message = requestFor(method, { org, project, domain, name: run });
    answers.push([nameOf(method), (await probe(transport, { method, message, headers })).code]);
  }
  return answers;
}

it("are nobody until they are let in, then see what runs and not its data, each call of theirs recorded", async () => {
  proves(
    [
      "human-cp-access-same-sso",
      "human-cp-access-rbac",
      "human-sees-metadata",
      "human-no-secret-values",
      "human-no-raw-object-data",
      "audit-staff-access-logged",
    ],
    "the organisation's own administrator, given to the same judgement, is not denied, and their reading is not recorded",
  );
  const nobody = await staffMember().signIn();
  expect(nobody).toEqual({ refused: expect.stringContaining(`No organisation lets ${email} in`) });

  const grantId = await grant("support");
  try {
    const { token = "" } = await staffMember().signIn(grantId);
    const began = new Date();
    const answers = await codes(closed, bearer(token));
    const may = (name: string) => passes[name] !== "open" && passes[name]?.includes("support") === true;
    expect(answers.map(([name, code]) => [name, walls.includes(code) ? code : "passes"])).toEqual(
      closed.map((method) => [nameOf(method), may(nameOf(method)) ? "passes" : "PermissionDenied"]),
    );
    const read = closed.filter(({ name }) => name === "GetActionData" || name === "CreateDownloadLink");
    for (const [name, code] of await codes(read, admin)) expect([name, walls.includes(code)]).toEqual([name, false]);

    const actionId = { name: "a0", run: { org, project, domain, name: run } };
    const { runs } = await api(RunService, token).listRuns({
      request: { limit: 100 },
      scopeBy: { case: "org", value: org },
    });
    expect(runs.map(({ action }) => action?.id?.run?.name)).toContain(run);
    const lines: string[] = [];
    for await (const { logs } of api(DataProxyService, token).tailLogs({ actionId, attempt: 1 })) {
      lines.push(...logs.flatMap((part) => part.lines.map(({ message }) => message)));
    }
    expect(lines.join("\n")).toContain("saying hello to staff");

    const audit = createClient(AuditService, transport);
    const since = { seconds: BigInt(Math.floor(began.getTime() / 1000) - 5), nanos: 0 };
    const { records } = await audit.listRecords({ subject: email, since, limit: 1000 }, { headers: admin });
    const recorded = new Set(records.map(({ operation }) => operation));
    expect(closed.map(nameOf).filter((name) => !recorded.has(name))).toEqual([]);
    expect(new Set(records.map(({ subjectKind }) => subjectKind))).toEqual(new Set(["staff"]));
    const { identities } = environment;
    const { clientId = "" } = identities.find((one) => one.org === org && one.role === "admin") ?? {};
    const own = await audit.listRecords({ subject: clientId, since, limit: 1000 }, { headers: admin });
    expect(own.records.map(({ operation }) => operation)).not.toContain(`${DataProxyService.typeName}/GetActionData`);
  } finally {
    await revoke(grantId);
  }
});

it("manage clusters as operators alone, and are out within a minute of its being taken back", async () => {
  proves(["human-admin-ops-rbac"], "an operator, given to the same judgement, is not denied");
  const clusters = [ClusterAdminService.method.listClusters];
  const support = await grant("support");
  const { token: supporting = "" } = await staffMember().signIn(support);
  expect(await codes(clusters, bearer(supporting))).toEqual([[expect.any(String), "PermissionDenied"]]);
  await revoke(support);
  const grantId = await grant("operator");
  const { token = "" } = await staffMember().signIn(grantId);
  const details = () =>
    probe(transport, {
      method: RunService.method.getRunDetails,
      message: requestFor(RunService.method.getRunDetails, { org, project, domain, name: run }),
      headers: bearer(token),
    });
  expect((await details()).code).toBe("Ok");
  expect(await codes(clusters, bearer(token))).toEqual([[expect.any(String), "Ok"]]);
  const revoked = await revoke(grantId);
  expect(revoked.exitCode, revoked.output).toBe(0);
  const takenBack = Date.now();
  while ((await details()).code !== "Unauthenticated") {
    expect(Date.now() - takenBack).toBeLessThan(60_000);
    await sleep(200);
  }
  expect((await biplane(["staff", "list"])).output).toContain("taken back");
});
