import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../context.ts";
import { withLock } from "../toolchain/lock.ts";

/**
 * One image build at a time, in a folder of its own in the cache; what a killed one left is removed first.
 *
 * @param build is told whether the build before it was killed.
 */
export async function withScratch<T>(
  sandbox: Sandbox,
  build: (scratch: string, interrupted: boolean) => Promise<T>,
): Promise<T> {
  const images = join(sandbox.paths.cache, "images");
  const building = join(images, "building");
  mkdirSync(images, { recursive: true });
  const waiting = () => sandbox.progress("waiting for another biplane that builds images");
  return await withLock(join(images, "lock"), waiting, async () => {
    const interrupted = existsSync(building);
    rmSync(building, { recursive: true, force: true });
    mkdirSync(building);
    rmSync(join(sandbox.paths.cache, "logs", "images.log"), { force: true });
    try {
      return await build(mkdtempSync(join(building, "image-")), interrupted);
    } finally {
      rmSync(building, { recursive: true, force: true });
    }
  });
}
