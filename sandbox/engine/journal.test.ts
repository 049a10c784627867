import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { paths } from "../paths.ts";
import { keepInJournal, openJournal, readJournal } from "./journal.ts";
import { type StackLayout, stackLayout } from "./layout.ts";

let state: string;
let layout: StackLayout;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "biplane-journal-"));
  layout = stackLayout(paths({ BIPLANE_STATE: state }), "s");
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const intent = (id: string) => ({ id, urn: `urn:${id}`, inputs: { name: id, password: "a-secret-password" } });
const file = () => join(layout.folder, "journal.jsonl");

test("the intent is on the disk when the create begins; the id and the failure follow", async () => {
  const journal = openJournal(layout);
  expect(existsSync(file())).toBe(false);
  await journal.record(intent("a"), async () => {
    expect(readJournal(layout)).toEqual([intent("a")]);
    return { id: "id-a" };
  });
  const failing = journal.record(intent("b"), () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(readJournal(layout)).toEqual([
    { ...intent("a"), made: "id-a" },
    { ...intent("b"), failed: true },
  ]);
});

test("inputs rest sealed, for the owner alone", async () => {
  await openJournal(layout).record(intent("a"), async () => ({ id: "id-a" }));
  keepInJournal(layout, readJournal(layout));
  expect(readFileSync(file(), "utf8")).not.toMatch(/password/);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test("a line that was not written whole is as if it had not been begun", async () => {
  await openJournal(layout).record(intent("a"), async () => ({ id: "id-a" }));
  appendFileSync(file(), '{"id":"b","urn":"ur');
  expect(readJournal(layout)).toEqual([{ ...intent("a"), made: "id-a" }]);
});

test("what is kept outlives the journal, and an empty one leaves no file", async () => {
  await openJournal(layout).record(intent("a"), async () => ({ id: "id-a" }));
  keepInJournal(layout, [{ ...intent("b"), late: true }]);
  expect(readJournal(layout)).toEqual([{ ...intent("b"), late: true }]);
  keepInJournal(layout, []);
  expect(readdirSync(layout.folder)).toEqual([]);
});

test("it is idle when the last create has ended, well or not", async () => {
  const journal = openJournal(layout);
  const ends = new Map<string, () => void>();
  const create = (id: string) =>
    journal.record(intent(id), async () => {
      await new Promise<void>((resolve) => ends.set(id, resolve));
      if (id === "b") throw new Error("no");
      return { id };
    });
  const [first, second] = [create("a"), create("b")];
  await expect.poll(() => ends.size).toBe(2);
  let idle = false;
  const quiet = journal.idle().then(() => {
    idle = true;
  });
  ends.get("a")?.();
  await first;
  expect(idle).toBe(false);
  ends.get("b")?.();
  await expect(second).rejects.toThrow("no");
  await quiet;
});
