/** Uploads in parts, which the store behind lacks in the XML API: kept in files until they are one object. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export class Parts {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @param place bucket and object, for which alone the id is good */
  begin(place: string): string {
    const id = randomBytes(16).toString("hex");
    mkdirSync(join(this.folder, id), { recursive: true, mode: 0o700 });
    writeFileSync(join(this.folder, id, "place"), place, { mode: 0o600 });
    return id;
  }

  /** @returns the part's ETag; undefined for an upload that is not there */
  put(place: string, id: string, number: number, content: Buffer): string | undefined {
    const folder = this.folderOf(place, id);
    if (!folder) return undefined;
    writeFileSync(join(folder, String(number)), content, { mode: 0o600 });
    return `"${createHash("md5").update(content).digest("hex")}"`;
  }

  /** @returns the parts as one, in the order of `numbers`; undefined where one of them, or the upload, is not there */
  join(place: string, id: string, numbers: readonly number[]): Buffer | undefined {
    const folder = this.folderOf(place, id);
    const files = numbers.map((number) => join(folder ?? "", String(number)));
    if (!folder || !files.every((file) => existsSync(file))) return undefined;
    return Buffer.concat(files.map((file) => readFileSync(file)));
  }

  end(place: string, id: string): boolean {
    const folder = this.folderOf(place, id);
    if (folder) rmSync(folder, { recursive: true });
    return folder !== undefined;
  }

  private folderOf(place: string, id: string): string | undefined {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
    const folder = join(this.folder, id);
    return existsSync(folder) && readFileSync(join(folder, "place"), "utf8") === place ? folder : undefined;
  }
}
