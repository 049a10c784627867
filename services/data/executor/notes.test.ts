import { expect, it } from "vitest";
import { Notes } from "./notes.ts";

it("a container is blocked since it was first seen so, in the same attempt", () => {
  const notes = new Notes();
  expect([notes.blocked("ns/a", 1, 10), notes.blocked("ns/a", 1, 50), notes.blocked("ns/b", 1, 60)]).toEqual([
    10, 10, 60,
  ]);
  expect(notes.blocked("ns/a", 2, 70)).toBe(70);
  notes.unblocked("ns/a");
  expect(notes.blocked("ns/a", 2, 90)).toBe(90);
});

it("what could not be read is told of that attempt alone", () => {
  const notes = new Notes();
  notes.unread("ns/a", 1);
  expect([notes.wasUnread("ns/a", 1), notes.wasUnread("ns/a", 2), notes.wasUnread("ns/b", 1)]).toEqual([
    true,
    false,
    false,
  ]);
  notes.blocked("ns/a", 1, 10);
  expect(notes.wasUnread("ns/a", 1)).toBe(true);
});

it("nothing is kept of an action that is gone, nor made by a question", () => {
  const notes = new Notes();
  notes.unread("ns/a", 1);
  notes.blocked("ns/b", 1, 10);
  for (const action of ["ns/a", "ns/b", "ns/never"]) {
    notes.unblocked(action);
    notes.forget(action);
    notes.wasUnread(action, 1);
  }
  expect(notes.size).toBe(0);
});
