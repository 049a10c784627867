/** The platform's images to a registry of somebody's own, and the lock file that stacks and reviewers read. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../shared/errors.ts";
import type { Sandbox } from "../context.ts";
import { Builder, type Transport } from "./buildah.ts";
import type { ImagePlan } from "./plan.ts";
import { withScratch } from "./scratch.ts";
import { servicesPlan } from "./services.ts";
import { taskPlan } from "./task.ts";

const image = z.strictObject({
  content: z.string().describe("Hash of what the image is made from"),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});

/** `images.lock.json`: the same digests in every registry that holds the images. */
export const imagesLock = z.strictObject({ services: image, task: image });
export type ImagesLock = z.infer<typeof imagesLock>;

export interface PushOptions extends Transport {
  /** Registry and path, such as `registry.example.com/biplane`. */
  to: string;
  lock: string;
}

/**
 * @returns references by digest, as the stacks' `images` config wants them
 * @throws UserError when the same content got another digest than the lock file says: then one registry holds something
 * else, and stacks would not run what was reviewed.
 */
export async function pushImages(sandbox: Sandbox, { to, lock, ...transport }: PushOptions): Promise<ImagesLock> {
  const held = readLock(lock);
  const pushed: Partial<ImagesLock> = {};
  await withScratch(sandbox, async (scratch, interrupted) => {
    const builder = new Builder(sandbox, scratch);
    if (interrupted) builder.wipe();
    for (const plan of [servicesPlan(), taskPlan()]) {
      const digest = await pushOne(sandbox, builder, plan, { to, scratch, transport });
      requireSame(plan, digest, held, lock);
      pushed[plan.name] = { content: plan.key, digest };
    }
  });
  const result = imagesLock.parse(pushed);
  writeFileSync(`${lock}.new`, `${JSON.stringify(result, undefined, 2)}\n`);
  renameSync(`${lock}.new`, lock);
  return result;
}

interface Room {
  to: string;
  scratch: string;
  transport: Transport;
}

async function pushOne(sandbox: Sandbox, builder: Builder, plan: ImagePlan, room: Room): Promise<string> {
  if (!(await builder.has(plan.image))) {
    const scratch = join(room.scratch, plan.name);
    mkdirSync(scratch, { recursive: true });
    await plan.make(sandbox, builder, scratch);
  }
  sandbox.progress(`${plan.name} image: push to ${room.to}`);
  return builder.push(plan.image, `${room.to}/${plan.name}:${plan.key}`, room.transport);
}

function readLock(file: string): ImagesLock | undefined {
  if (!existsSync(file)) return undefined;
  const parsed = imagesLock.safeParse(jsonIn(file));
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${file} is not a lock file of images: ${z.prettifyError(parsed.error)}. Remove it or name another by --lock.`,
  );
}

function jsonIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UserError(`${file} is not JSON. Remove it or name another by --lock.`, { cause: error });
  }
}

function requireSame({ name, key }: ImagePlan, digest: string, held: ImagesLock | undefined, file: string): void {
  const before = held?.[name];
  if (!before || before.content !== key || before.digest === digest) return;
  throw new UserError(
    `The ${name} image has the digest ${digest} in this registry, and ${before.digest} in ${file} from the same content. One of the two is not what was built here; remove the lock file only if you know which.`,
    { exitCode: 1 },
  );
}
