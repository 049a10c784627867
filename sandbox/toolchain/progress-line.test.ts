import { expect, test } from "vitest";
import { clock, type ProgressView, progressLine, startLine } from "./progress-line.ts";

const view: ProgressView = {
  done: [{ title: "Packages", expected: 60, measured: true }],
  current: { title: "Kubernetes", expected: 300, measured: true },
  elapsed: 72,
  detail: "412 packages compiled",
  next: [{ title: "Engine", expected: 120, measured: false }],
};

test("the line names the step, the last time, the detail and what is left", () => {
  expect(progressLine(view, 200)).toBe(
    "██████░░░░░░░░░░░░░░ 2/3 Kubernetes 1:12 (last time 5:00) · 412 packages compiled · then Engine (about 2:00)",
  );
});

test("the line never wraps", () => {
  expect([...progressLine(view, 60)]).toHaveLength(60);
});

test("a guess is not called a measurement", () => {
  expect(startLine({ ...view, current: { title: "Engine", expected: 120, measured: false }, next: [] })).toBe(
    "[2/2] Engine (about 2:00)",
  );
});

test("what is left has no time while a step in it has none", () => {
  expect(startLine({ ...view, next: [...view.next, { title: "Images" }] })).toBe(
    "[2/4] Kubernetes (last time 5:00); then Engine, Images",
  );
});

test("a step that takes longer than last time does not fill the bar", () => {
  expect(progressLine({ ...view, elapsed: 9_999 }, 200)).toContain("░ 2/3");
});

test("times are minutes and seconds", () => {
  expect([0, 7.4, 59.6, 750].map(clock)).toEqual(["0:00", "0:07", "1:00", "12:30"]);
});
