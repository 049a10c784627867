import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(root, folder, file));
}

/** Relative imports of a file as paths from the root, static and dynamic. */
function imports(file: string): string[] {
  const found = readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g);
  return [...found].map(([, path = ""]) => relative(root, resolve(file, "..", path)));
}

describe.each(["stacks", "components"])("%s/", (folder) => {
  it("imports nothing from services, the sandbox or generated code", () => {
    const foreign = sources(folder).flatMap((file) =>
      imports(file)
        .filter((path) => !/^(stacks|components|shared)\//.test(path))
        .map((path) => `${relative(root, file)}: ${path}`),
    );
    expect(sources(folder).length).toBeGreaterThan(4);
    expect(foreign).toEqual([]);
  });

  it("does not know where it runs", () => {
    const telling = sources(folder).filter(
      (file) =>
        /\bisLocal\b|sandbox\/|BIPLANE_STATE/.test(readFileSync(file, "utf8")) && !file.endsWith("boundaries.test.ts"),
    );
    expect(telling).toEqual([]);
  });
});

it("components know nothing of stacks", () => {
  expect(
    sources("components")
      .flatMap(imports)
      .filter((path) => path.startsWith("stacks/")),
  ).toEqual([]);
});

it("the largest SDK is taken class by class: neither its root nor a whole part of it is ever loaded", () => {
  const taken = ["bench", "components", "policies", "sandbox", "stacks"].flatMap((folder) =>
    sources(folder).flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(@pulumi\/azure-native[^"]*)"/g)].map(
        ([, path = ""]) => path,
      ),
    ),
  );
  expect(taken.length).toBeGreaterThan(20);
  expect(taken.filter((path) => !/^@pulumi\/azure-native\/(?:provider|\w+\/\w+)\.js$/.test(path))).toEqual([]);
  expect(taken.filter((path) => path.endsWith("/index.js"))).toEqual([]);
});

it("no Kubernetes class of a preview version is taken: aliases.ts relies on it", () => {
  const taken = ["components", "stacks"].flatMap((folder) =>
    sources(folder).flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/\bkubernetes\.\w+\.(v\d\w*)/g)].map(([, version = ""]) => version),
    ),
  );
  expect(taken.length).toBeGreaterThan(20);
  expect(taken.filter((version) => !/^v\d+$/.test(version))).toEqual([]);
});
