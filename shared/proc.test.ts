import { expect, it } from "vitest";
import { processIds, readProc } from "./proc.ts";

it("finds this process, and what it was started with", () => {
  expect(processIds()).toContain(process.pid);
  expect(readProc(process.pid, "cmdline")).toContain("vitest");
});

it("reads nothing of a process that is gone", () => {
  const beyondAll = 2 ** 30;
  expect(readProc(beyondAll, "cmdline")).toBe("");
});

it("does not take what it may not know for nothing", () => {
  expect(() => readProc(process.pid, "fd")).toThrow(/EISDIR/);
});
