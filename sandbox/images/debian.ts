/** A small Debian: debootstrap's minimal variant without what only people read. */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../context.ts";
import { runLogged } from "../toolchain/run.ts";

export const suite = "bookworm";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The user of every image, as distroless images number it. */
export const nonRoot = 65532;

/** Folders emptied or removed: documents, caches and traces of the machine that built it. */
const dropped = [
  "usr/share/man",
  "usr/share/info",
  "usr/share/locale",
  "usr/share/lintian",
  "usr/share/bash-completion",
  "var/cache/apt",
  "var/cache/debconf",
  "var/lib/apt/lists",
  "var/log",
  "etc/hostname",
  "etc/resolv.conf",
];
const recreated = ["var/cache/apt/archives/partial", "var/lib/apt/lists/partial", "var/log"];

/** Makes the root file system in `folder`, which must not exist. @param include packages beyond the minimal ones */
export async function makeDebian(sandbox: Sandbox, folder: string, include: string[], log: string): Promise<void> {
  await runLogged({
    command: sandbox.tools.bin("debootstrap"),
    args: ["--variant=minbase", `--include=${include.join(",")}`, `--keyring=${keyring}`, suite, folder],
    log,
    onLine(line) {
      const named = /^I: (Retrieving|Extracting|Configuring|Unpacking) (\S+?)\.*$/.exec(line);
      if (named) sandbox.progress(`base image: ${named[1]?.toLowerCase()} ${named[2]}`);
    },
  });
  for (const path of dropped) rmSync(join(folder, path), { recursive: true, force: true });
  for (const path of recreated) mkdirSync(join(folder, path), { recursive: true });
  dropDocuments(join(folder, "usr/share/doc"));
  dropSetuid(folder);
  addUser(folder);
}

/** Licences stay, as they must. */
function dropDocuments(doc: string): void {
  for (const name of readdirSync(doc)) {
    const copyright = join(doc, name, "copyright");
    const text = existsSync(copyright) ? readFileSync(copyright) : undefined;
    rmSync(join(doc, name), { recursive: true, force: true });
    if (!text) continue;
    mkdirSync(join(doc, name));
    writeFileSync(join(doc, name, "copyright"), text);
  }
}

/** Nobody changes user within these images. */
function dropSetuid(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = lstatSync(path);
    if (mode & 0o6000) chmodSync(path, mode & 0o1777);
  }
}

function addUser(folder: string): void {
  const home = join(folder, "home/task");
  mkdirSync(home, { recursive: true });
  cpSync(join(folder, "etc/passwd"), join(folder, "etc/passwd-"));
  append(join(folder, "etc/passwd"), `task:x:${nonRoot}:${nonRoot}::/home/task:/usr/sbin/nologin\n`);
  append(join(folder, "etc/group"), `task:x:${nonRoot}:\n`);
}

function append(file: string, line: string): void {
  writeFileSync(file, readFileSync(file, "utf8") + line);
}
