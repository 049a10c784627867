/**
 * Images by buildah, without a daemon. The store lies in the cache and uses the driver that copies (vfs), which mounts
 * nothing; so a kill leaves nothing mounted, and it works wherever the cache lies.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../context.ts";
import { runLogged } from "../toolchain/run.ts";

/**
 * As root, buildah notes known layers in /var/lib/containers whatever it is told. The mount is seen by this process
 * alone (`runLogged`) and keeps that note, as all else, in the cache.
 */
const privateFolder = 'mkdir -p /var/lib/containers; mount --bind "$1" /var/lib/containers; shift; exec "$@"';

/** One image to be made: what it starts from, what is put on top and how it runs. */
export interface Recipe {
  /** Name and content key, such as `localhost/biplane/services:0123…`. */
  image: string;
  /** @default nothing: an empty image */
  from?: string;
  /** Files or folders of this machine → where they go; a folder's content goes into the folder named. */
  add: { from: string; to: string }[];
  /** Commands run within, as root and without network. */
  run?: string[][];
  /** `buildah config` options. */
  config?: string[];
}

type Packing = "gzip" | "zstd";

/** How a registry is reached. */
export interface Transport {
  plainHttp: boolean;
  /** Credentials as `docker login` and `buildah login` write them. @default those of the person who runs it */
  authFile?: string;
  /** Nodes unpack zstd in less time; gzip is what every registry and client can read. @default gzip */
  layers?: Packing;
}

export class Builder {
  readonly log: string;
  private readonly sandbox: Sandbox;
  private readonly folder: string;
  private readonly scratch: string;

  /** @param scratch for temporary files; removed by the caller. */
  constructor(sandbox: Sandbox, scratch: string) {
    this.sandbox = sandbox;
    this.scratch = scratch;
    this.folder = join(sandbox.paths.cache, "images");
    this.log = join(sandbox.paths.cache, "logs", "images.log");
  }

  private get store(): string {
    return join(this.folder, "store");
  }

  /**
   * Where buildah notes which layers a registry has. Apart for each packing: it would push a layer it knows packed
   * otherwise in place of the one asked for, and the same content would get another digest.
   */
  private notes(layers: Packing): string {
    return join(this.folder, "layers", layers);
  }

  async has(image: string): Promise<boolean> {
    return (await this.images()).includes(image);
  }

  async make(recipe: Recipe): Promise<void> {
    // What a killed build left of its containers; only under the images' lock.
    await this.run(["rm", "--all"]);
    const container = (await this.run(["from", "--pull-never", recipe.from ?? "scratch"])).trim();
    for (const { from, to } of recipe.add) await this.run(["add", "--quiet", container, from, to]);
    for (const command of recipe.run ?? [])
      await this.run(["run", "--user=0:0", "--network=none", container, "--", ...command]);
    if (recipe.config) await this.run(["config", ...recipe.config, container]);
    // A fixed time: the same content gives the same digest, so that nothing is rolled out anew for nothing.
    await this.run(["commit", "--quiet", "--rm", "--timestamp", "0", container, recipe.image]);
  }

  /** @returns the digest of the manifest that the registry now holds. */
  async push(image: string, target: string, { plainHttp, authFile, layers = "gzip" }: Transport): Promise<string> {
    const digest = join(this.scratch, "pushed-digest");
    const access = [`--tls-verify=${!plainHttp}`, ...(authFile ? ["--authfile", authFile] : [])];
    const format = [`--compression-format=${layers}`, "--digestfile", digest];
    await this.run(["push", "--quiet", ...access, ...format, image, `docker://${target}`], layers);
    return readFileSync(digest, "utf8").trim();
  }

  async archive(image: string, file: string, name: string): Promise<void> {
    rmSync(file, { force: true });
    await this.run(["push", "--quiet", image, `docker-archive:${file}:${name}`]);
  }

  /** Removes every image but these from the store. */
  async keepOnly(images: string[]): Promise<void> {
    const stale = (await this.images()).filter((image) => !images.includes(image));
    if (stale.length > 0) await this.run(["rmi", "--force", ...stale]);
  }

  /** Forgets everything, for a store that a kill has damaged. */
  wipe(): void {
    for (const name of ["store", "run", "layers"]) rmSync(join(this.folder, name), { recursive: true, force: true });
  }

  private async images(): Promise<string[]> {
    const listed = await this.run(["images", "--json"]);
    const images = JSON.parse(listed) as { names?: string[] }[];
    return images.flatMap(({ names }) => names ?? []);
  }

  private async run(args: string[], layers: Packing = "gzip"): Promise<string> {
    const notes = this.notes(layers);
    mkdirSync(notes, { recursive: true });
    const storage = ["--root", this.store, "--runroot", join(this.folder, "run"), "--storage-driver", "vfs"];
    return await runLogged({
      command: "sh",
      args: ["-c", privateFolder, "sh", notes, this.sandbox.tools.bin("buildah"), ...storage, ...args],
      env: { ...process.env, BUILDAH_ISOLATION: "chroot", TMPDIR: this.scratch },
      log: this.log,
    });
  }
}
