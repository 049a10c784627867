import { expect, test } from "vitest";
import type { Machine } from "./machine.ts";
import { datapathCompiler, missingPackages, systemPackages } from "./packages.ts";

/** A machine with these programs, whose Python can or cannot make environments. */
function machineWith(programs: string[], venv = true): Machine {
  return {
    find: (name) => (programs.includes(name) ? `/usr/bin/${name}` : undefined),
    ask: () => (venv ? "" : undefined),
    fitting: () => undefined,
  };
}

const programs = systemPackages.flatMap(({ shownBy }) => shownBy).filter((sign) => !sign.startsWith("/"));
const everything = [...programs, "python3"];

test("a package whose program is there is not installed, whoever brought it", () => {
  const missing = missingPackages(machineWith(everything));
  expect(missing).not.toContain("containerd");
  expect(missing).not.toContain("etcd-server");
});

test("a package is missing when any one of its programs is", () => {
  const without = everything.filter((name) => name !== "ctr" && name !== "nft");
  expect(missingPackages(machineWith(without))).toEqual(expect.arrayContaining(["containerd", "nftables"]));
});

test("Debian's split-off venv is asked for only where Python lacks it", () => {
  expect(missingPackages(machineWith(everything, false))).toContain("python3-venv");
  expect(missingPackages(machineWith(everything, true))).not.toContain("python3-venv");
});

test("what only an extended part calls is missing only where that part is asked for", () => {
  const names = datapathCompiler.map(({ name }) => name);
  expect(missingPackages(machineWith(everything)).filter((name) => names.includes(name))).toEqual([]);
  expect(missingPackages(machineWith(everything), datapathCompiler)).toEqual(expect.arrayContaining(names));
  const compilers = datapathCompiler.flatMap(({ shownBy }) => shownBy);
  const missing = missingPackages(machineWith([...everything, ...compilers]), datapathCompiler);
  expect(missing.filter((name) => names.includes(name))).toEqual([]);
});
