/** To the local registry, which stands for a customer's. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { paths } from "../paths.ts";
import { locateToolchain } from "../toolchain/index.ts";
import { imagesLock, pushImages } from "./push.ts";
import { holds, registryAddress } from "./registry.ts";

const here = paths();
const sandbox = { paths: here, tools: locateToolchain(here), progress: () => {} };
const options = { to: `${registryAddress}/a-customer`, plainHttp: true };
let folder: string;
let lock: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-push-"));
  lock = join(folder, "images.lock.json");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("holds both images by the digests of the lock file, and a second push changes neither", async () => {
  const pushed = await pushImages(sandbox, { ...options, lock });
  expect(imagesLock.parse(JSON.parse(readFileSync(lock, "utf8")))).toEqual(pushed);
  for (const [name, { digest }] of Object.entries(pushed)) {
    expect(await holds(registryAddress, `a-customer/${name}`, digest)).toBe(true);
  }
  expect(await pushImages(sandbox, { ...options, to: `${registryAddress}/another`, lock })).toEqual(pushed);
});

it("is refused when a registry answers another digest for the same content than the lock file says", async () => {
  const held = imagesLock.parse(JSON.parse(readFileSync(lock, "utf8")));
  const other = { ...held, services: { ...held.services, digest: `sha256:${"0".repeat(64)}` } };
  writeFileSync(lock, JSON.stringify(other));
  await expect(pushImages(sandbox, { ...options, lock })).rejects.toThrow(/another|One of the two/);
});

it("is refused with a lock file that is none, before anything is pushed", async () => {
  writeFileSync(lock, "{}");
  await expect(pushImages(sandbox, { ...options, lock })).rejects.toThrow("is not a lock file of images");
});
