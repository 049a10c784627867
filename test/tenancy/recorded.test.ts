/** What the region's record keeps of those who change who may do what, and who it says they were. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService } from "../../gen/biplane/audit/v1/audit_pb.js";
import { ApiKeyService, ApplicationService } from "../../gen/biplane/identity/v1/identity_pb.js";
import { PolicyService } from "../../gen/biplane/policy/v1/policy_pb.js";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { biplane } from "../support/biplane.ts";
import { containerRun, containerTask, runIdOf } from "../support/container-run.ts";
import { evidenceFor } from "../support/evidence.ts";
import { bearer, edge, signedIn } from "../support/identities.ts";
import { environment } from "../support/local-run.ts";

const { proves } = evidenceFor("tenancy/recorded");
const { org, project } = environment;
const transport = edge();
const audit = createClient(AuditService, transport);
const policies = createClient(PolicyService, transport);
const applications = createClient(ApplicationService, transport);
const keys = createClient(ApiKeyService, transport);
const name = `recorded-${randomBytes(5).toString("hex")}`;
const folder = mkdtempSync(join(tmpdir(), "biplane-recorded-"));

let admin: { headers: Record<string, string> };
let since: ReturnType<typeof now>;

beforeAll(async () => {
  admin = { headers: await signedIn(org, "admin") };
  since = now();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** To the millisecond: who was here before may have changed something within the same second. */
function now() {
  const at = Date.now();
  return { seconds: BigInt(Math.floor(at / 1000)), nanos: (at % 1000) * 1_000_000 };
}

/** The oldest first. @param from @default since this file began */
async function records(from = since) {
  const all = [];
  for (let token = ""; ; ) {
    const page = await audit.listRecords({ since: from, limit: 1000, token }, admin);
    all.push(...page.records);
    token = page.token;
    if (token === "") return all.reverse();
  }
}

describe("the record", () => {
  it("has one entry for each change of a role, a policy, an assignment or an account", async () => {
    proves(["audit-rbac-changes"], "reading what was changed adds no entry of a change");
    // A second try is not told of the first.
    const began = now();
    const role = (actions: string[]) => ({ document: { case: "role" as const, value: { name, actions } } });
    const bound = { document: { case: "policy" as const, value: { name, bindings: [{ role: name }] } } };
    const { account } = await applications.createServiceAccount({ name, role: "" }, admin);
    const clientId = account?.clientId ?? "";
    const assigned = (clients: string[]) => {
      const value = { policy: name, assignees: { applications: clients } };
      return { document: { case: "assignment" as const, value } };
    };
    await policies.apply({ documents: [role(["view_flyte_inventory"])] }, admin);
    await policies.apply({ documents: [role(["view_flyte_executions"])] }, admin);
    await policies.apply({ documents: [bound] }, admin);
    await policies.apply({ documents: [assigned([clientId])] }, admin);
    await policies.apply({ documents: [assigned([])] }, admin);
    await policies.list({}, admin);
    await policies.delete({ named: { case: "policy", value: name } }, admin);
    await policies.delete({ named: { case: "role", value: name } }, admin);
    await applications.deleteServiceAccount({ clientId }, admin);

    const changes = (await records(began)).filter(({ operation }) => /Policy|Application/.test(operation));
    expect(changes.map(({ operation }) => operation.split("/")[1])).toEqual([
      "CreateServiceAccount",
      ...["Apply", "Apply", "Apply", "Apply", "Apply"],
      ...["Delete", "Delete", "DeleteServiceAccount"],
    ]);
  });

  it("says of each entry who, what and when", async () => {
    proves(["audit-record-fields"], "an entry without a subject is found by the same judgement");
    const began = Number(since.seconds);
    const wanting = (all: Awaited<ReturnType<typeof records>>) =>
      all.filter(
        ({ subject, subjectKind, operation, requestId, decision, at }) =>
          !(subject && subjectKind && requestId && decision && /^[\w.]+\/\w+$/.test(operation)) ||
          !(Number(at?.seconds) >= began && Number(at?.seconds) <= Date.now() / 1000 + 1),
      );
    const all = await records();
    expect(all.length).toBeGreaterThan(5);
    expect(wanting(all)).toEqual([]);
    const [first] = all;
    expect(wanting(first ? [{ ...first, subject: "" }] : [])).toHaveLength(1);
  });

  it("names, of a call by an API key, the one whom the key stands for, and the key", async () => {
    proves(["authn-api-key-delegated-user"], "the owner's own sign-in, which does the same, is recorded without a key");
    const { value, key } = await keys.createApiKey({ name }, admin);
    const document = { case: "role" as const, value: { name, actions: ["view_flyte_inventory"] } };
    for (const by of [{ headers: bearer(value) }, admin]) {
      await policies.apply({ documents: [{ document }] }, by);
      await policies.delete({ named: { case: "role", value: name } }, by);
    }
    await keys.revokeApiKey({ keyId: key?.keyId ?? "" }, admin);
    const deleted = (await records()).filter(({ operation }) => operation.endsWith("PolicyService/Delete")).slice(-2);
    expect(deleted.map(({ subject, apiKey }) => [subject, apiKey])).toEqual([
      [environment.clientId, key?.keyId],
      [environment.clientId, ""],
    ]);
  });
});

describe("policies as YAML", () => {
  const file = join(folder, "policies.yaml");
  const apply = (text: string) => {
    writeFileSync(file, text);
    return biplane(["policy", "apply", "-f", file]);
  };

  it("are applied many in one file, and told as they were written; a key that nobody knows is refused", async () => {
    proves(["rbac-policy-yaml-bindings"], "the same file with a misspelt key is refused whole, with its place");
    const role = `name: ${name}\nactions:\n  - view_flyte_inventory\n  - view_flyte_executions\n`;
    const bindings = [
      `  - role: ${name}\n    resource:\n      domain: production\n`,
      `  - role: viewer\n    resource:\n      project: ${project}\n      domain: staging\n`,
      "  - role: contributor\n",
    ];
    const policy = `name: ${name}\nbindings:\n${bindings.join("")}`;
    const misspelt = await apply(`${role}---\n${policy.replace("resource:", "resources:")}`);
    expect(misspelt.exitCode).not.toBe(0);
    expect(misspelt.output).toMatch(/document 2 \(line \d+\): bindings\.0 has resources; allowed: no such key/);
    const applied = await apply(`${role}---\n${policy}`);
    expect(applied.exitCode, applied.output).toBe(0);
    try {
      expect((await biplane(["policy", "get", name, "--role"])).output).toBe(role);
      expect((await biplane(["policy", "get", name])).output).toBe(policy);
    } finally {
      await policies.delete({ named: { case: "policy", value: name } }, admin);
      await policies.delete({ named: { case: "role", value: name } }, admin);
    }
  });
});

describe("of a run's life", () => {
  const worker = { headers: {} as Record<string, string> };
  const runs = createClient(RunService, transport);
  const terminal = [ActionPhase.SUCCEEDED, ActionPhase.FAILED, ActionPhase.ABORTED];
  beforeAll(async () => {
    worker.headers = await signedIn(org, "contributor");
  });

  /** The phases that a watcher is told of, until the last. */
  async function watched(run: string): Promise<ActionPhase[]> {
    const seen: ActionPhase[] = [];
    const actionId = { name: "a0", run: runIdOf(run) };
    for await (const { details } of runs.watchActionDetails({ actionId }, { ...admin, timeoutMs: 120_000 })) {
      const phase = details?.status?.phase ?? ActionPhase.UNSPECIFIED;
      if (seen.at(-1) !== phase) seen.push(phase);
      if (terminal.includes(phase)) break;
    }
    return seen;
  }

  it("each change of phase is recorded once, with its time and in order, and who began and who ended it", async () => {
    proves(
      ["audit-lifecycle-events"],
      "a record from which a change is taken out, and one with a change twice, are found by the same judgement",
    );
    const began = Date.now() - 1_000;
    const [done, stopped] = ["done", "stopped"].map((what) => `${name}-${what}`) as [string, string];
    await runs.createRun(containerRun(done), worker);
    const sleeping = { ...containerTask("sleeps"), taskTemplate: sleepingTemplate() };
    await runs.createRun(containerRun(stopped, sleeping), worker);
    const [seen] = await Promise.all([
      watched(done),
      watched(stopped),
      (async () => {
        const running = async () => (await detailsOf(stopped))?.status?.phase;
        await expect.poll(running, { timeout: 120_000 }).toBe(ActionPhase.RUNNING);
        await runs.abortRun({ runId: runIdOf(stopped), reason: "enough" }, admin);
      })(),
    ]);
    const problems = (told: ActionPhase[], record: { phase: ActionPhase; at: number }[]) => [
      ...told.filter((phase) => !record.some((one) => one.phase === phase)).map((phase) => `no ${ActionPhase[phase]}`),
      ...record.flatMap(({ phase, at }, index) => {
        const before = record[index - 1];
        const within = at >= began && at <= Date.now() + 1_000;
        return before && (before.phase >= phase || before.at > at)
          ? [`${ActionPhase[phase]} again`]
          : within
            ? []
            : ["when?"];
      }),
    ];
    for (const [run, end, told] of [
      [done, ActionPhase.SUCCEEDED, seen],
      [stopped, ActionPhase.ABORTED, [ActionPhase.RUNNING]],
    ] as const) {
      const details = await detailsOf(run);
      const record = (details?.attempts.at(-1)?.phaseTransitions ?? []).map(({ phase, startTime }) => ({
        phase,
        at: Number(startTime?.seconds ?? 0n) * 1e3 + (startTime?.nanos ?? 0) / 1e6,
      }));
      expect(record.at(-1)?.phase, run).toBe(end);
      expect(problems([...told], record), run).toEqual([]);
      expect(problems([...told], record.slice(0, -2))).not.toEqual([]);
      expect(
        problems(
          [...told],
          record.flatMap((one) => [one, one]),
        ),
      ).not.toEqual([]);
      expect(JSON.stringify(details?.metadata?.executedBy), run).toContain(`${org}-contributor`);
    }
    const changes = (await records()).filter(({ resource }) => [done, stopped].some((run) => resource.endsWith(run)));
    expect(changes.map(({ subject, operation, resource }) => [subject, operation.split("/")[1], resource])).toEqual([
      [expect.stringContaining("contributor"), "CreateRun", `${project}/${environment.domain}/${done}`],
      [expect.stringContaining("contributor"), "CreateRun", `${project}/${environment.domain}/${stopped}`],
      [environment.clientId, "AbortRun", `${project}/${environment.domain}/${stopped}`],
    ]);
  });

  const detailsOf = async (run: string) =>
    (await runs.getActionDetails({ actionId: { name: "a0", run: runIdOf(run) } }, admin)).details;

  function sleepingTemplate() {
    const { taskTemplate } = containerTask("sleeps");
    const value = { image: environment.taskImage, args: ["sleep", "120"] };
    return { ...taskTemplate, target: { case: "container" as const, value } };
  }
});
