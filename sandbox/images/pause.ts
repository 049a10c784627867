/** The image that holds a pod's namespaces open: busybox, sleeping. */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../context.ts";
import { contentKey } from "../toolchain/content-key.ts";
import { Builder } from "./buildah.ts";
import { withScratch } from "./scratch.ts";

export const pauseImage = "localhost/pause:1";

/** @returns a docker-archive of `localhost/pause:1`, for containerd to import. */
export async function ensurePauseImage(sandbox: Sandbox): Promise<string> {
  const archive = join(sandbox.paths.cache, "images", "pause.tar");
  const busybox = sandbox.tools.bin("busybox");
  const key = contentKey({ files: [busybox, import.meta.filename] });
  if (existsSync(archive) && readKey(archive) === key) return archive;
  await withScratch(sandbox, async (scratch) => {
    const builder = new Builder(sandbox, scratch);
    const tree = join(scratch, "pause");
    mkdirSync(join(tree, "bin"), { recursive: true });
    cpSync(busybox, join(tree, "bin/busybox"), { dereference: true });
    symlinkSync("busybox", join(tree, "bin/sleep"));
    const image = `localhost/biplane/pause:${key}`;
    const config = ["--user", "65535:65535", "--entrypoint", '["/bin/sleep", "infinity"]'];
    await builder.make({ image, add: [{ from: tree, to: "/" }], config });
    await builder.archive(image, join(scratch, "pause.tar"), pauseImage);
    renameSync(join(scratch, "pause.tar"), archive);
    writeFileSync(`${archive}.key`, key);
  });
  return archive;
}

function readKey(archive: string): string | undefined {
  return existsSync(`${archive}.key`) ? readFileSync(`${archive}.key`, "utf8") : undefined;
}
