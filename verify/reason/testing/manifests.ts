/** Kubernetes objects for tests, as a folder of manifests would give them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, manifestsFrom } from "../input/manifests.ts";

/** @param files text by name @param use while the folder is there */
export function withFolder<T>(files: Record<string, string>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "biplane-reason-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As they come out of a list. */
export function manifestsOf(objects: readonly object[]): Manifest[] {
  return manifestsFrom({ apiVersion: "v1", kind: "List", items: objects }, "test");
}
