import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Filter_Function as Is, ListRequestSchema, Sort_Direction } from "../../../gen/flyteidl2/common/list_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { listActions } from "./actions.ts";
import { actionShape, runShape } from "./fields.ts";
import { pageOf, planList } from "./listing.ts";
import { insertRun, listRuns } from "./runs.ts";
import { addChild, hello, newRun, openTestStore, type TestStore } from "./testing/fixtures.ts";

type Request = Partial<Exclude<MessageInitShape<typeof ListRequestSchema>, { $typeName: string }>>;

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
  for (const run of ["alpha", "beta", "gamma", "delta", "epsilon"]) {
    const labels: Record<string, string> = run === "beta" ? { team: "blue", "odd.key/x": "" } : { team: "red" };
    await insertRun(store.database, "acme", { ...newRun("acme", { ...hello, run }), labels });
  }
  await insertRun(store.database, "globex", newRun("globex", { ...hello, run: "theirs" }));
  await insertRun(store.database, "acme", newRun("acme", hello));
  for (const name of ["n1", "n2", "n3"]) await addChild(store, "acme", name);
  await store.database.withOrg("acme", async (transaction) => {
    await transaction.query("update biplane.actions set phase = 5 where run in ('beta', 'gamma')");
    await transaction.query("update biplane.actions set phase = 10 where run = 'delta'");
    // Several of one moment, so that pages must be cut between equals.
    await transaction.query("update biplane.runs set created_at = '2026-01-02' where run <> 'alpha'");
    await transaction.query("update biplane.runs set created_at = '2026-01-01' where run = 'alpha'");
  });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

async function runs(request: Request): Promise<string[]> {
  const plan = planList(create(ListRequestSchema, request), runShape);
  return pageOf(await listRuns(store.database, "acme", plan), plan).rows.map(({ run }) => run);
}
const where = (field: string, is: Is, ...values: string[]) => ({ filters: [{ field, function: is, values }] });
const byName = { sortBy: { key: "name", direction: Sort_Direction.ASCENDING } };

describe("a list", () => {
  it("comes whole, once and in order over pages of any size, in both directions", async () => {
    for (const key of ["created_at", "name", "phase"]) {
      for (const direction of [Sort_Direction.ASCENDING, Sort_Direction.DESCENDING]) {
        const whole = await runs({ sortBy: { key, direction } });
        expect([...whole].sort()).toEqual(["alpha", "beta", "delta", "epsilon", "gamma", "hello"]);
        for (const limit of [1, 2, 4]) {
          const collected: string[] = [];
          let token = "";
          do {
            const plan = planList(create(ListRequestSchema, { limit, token, sortBy: { key, direction } }), runShape);
            const page = pageOf(await listRuns(store.database, "acme", plan), plan);
            collected.push(...page.rows.map(({ run }) => run));
            token = page.token;
          } while (token);
          expect([key, direction, limit, collected]).toEqual([key, direction, limit, whole]);
        }
      }
    }
  });

  it("is sorted as asked, newest first when nothing is asked", async () => {
    expect((await runs({})).at(-1)).toBe("alpha");
    expect((await runs({ sortBy: { key: "created_at", direction: Sort_Direction.ASCENDING } }))[0]).toBe("alpha");
  });

  it.each([
    ["phase is one", where("phase", Is.EQUAL, "5"), ["beta", "gamma"]],
    ["phase by name", where("phase", Is.EQUAL, "SUCCEEDED"), ["beta", "gamma"]],
    ["phase as the client splits it", where("phase", Is.EQUAL, "1", "0"), ["delta"]],
    ["phase is one of", where("phase", Is.VALUE_IN, "5", "10"), ["beta", "delta", "gamma"]],
    ["phase is none of", where("phase", Is.VALUE_NOT_IN, "5", "10"), ["alpha", "epsilon", "hello"]],
    ["task name", where("task_name", Is.EQUAL, "env.hello"), ["alpha", "beta", "delta", "epsilon", "gamma", "hello"]],
    ["another task name", where("task_name", Is.EQUAL, "env.other"), []],
    ["task version", where("task_version", Is.EQUAL, "v2"), []],
    ["creator", where("created_by", Is.EQUAL, "nobody"), []],
    ["label", where("labels.team", Is.EQUAL, "blue"), ["beta"]],
    ["label exists", where("labels.odd.key/x", Is.EXISTS), ["beta"]],
    ["label does not exist", where("labels.odd.key/x", Is.NOT_EXISTS), ["alpha", "delta", "epsilon", "gamma", "hello"]],
    [
      "time from",
      where("created_at", Is.GREATER_THAN_OR_EQUAL, "2026-01-01T00:00:00.000001+00:00"),
      ["alpha", "beta", "delta", "epsilon", "gamma", "hello"],
    ],
    ["time before", where("created_at", Is.LESS_THAN, "2026-01-02T00:00:00+00:00"), ["alpha"]],
    ["name contains, taken literally", where("name", Is.CONTAINS, "%"), []],
    ["name contains", where("name", Is.CONTAINS, "lph"), ["alpha"]],
    ["name contains, any case", where("name", Is.CONTAINS_CASE_INSENSITIVE, "LPH"), ["alpha"]],
    ["name ends with", where("name", Is.ENDS_WITH, "ta"), ["beta", "delta"]],
    ["name does not end with", where("name", Is.NOT_ENDS_WITH, "a"), ["epsilon", "hello"]],
  ])("honours its filter: %s", async (_, filter, expected) => {
    expect(await runs({ ...byName, ...filter })).toEqual(expected);
  });

  it("of actions knows parents, types and phases", async () => {
    const actions = async (request: Request) => {
      const plan = planList(create(ListRequestSchema, { ...byName, ...request }), actionShape);
      return (await listActions(store.database, "acme", hello, plan)).map(({ action }) => action);
    };
    expect(await actions({})).toEqual(["a0", "n1", "n2", "n3"]);
    expect(await actions(where("parent_name", Is.EQUAL, "a0"))).toEqual(["n1", "n2", "n3"]);
    expect(await actions(where("action_type", Is.EQUAL, "3"))).toEqual([]);
    expect(await actions(where("action_type", Is.EQUAL, "1"))).toEqual(["a0", "n1", "n2", "n3"]);
    expect(await actions(where("phase", Is.EQUAL, String(ActionPhase.QUEUED)))).toEqual(["a0", "n1", "n2", "n3"]);
  });

  it("refuses the token of a page that was sorted otherwise", async () => {
    const plan = planList(create(ListRequestSchema, { limit: 1 }), runShape);
    const { token } = pageOf(await listRuns(store.database, "acme", plan), plan);
    for (const key of ["name", "start_time"]) {
      expect(() => planList(create(ListRequestSchema, { token, sortBy: { key } }), runShape)).toThrow(/^token is/);
    }
    const up = { token, sortBy: { key: "created_at", direction: Sort_Direction.ASCENDING } };
    expect(() => planList(create(ListRequestSchema, up), runShape)).toThrow(/^token is/);
  });
});
