/** A Debian package of a few small files. Sources: deb(5), and ustar of POSIX.1-1988 for what is within. */
import { gzipSync } from "node:zlib";

interface DebFile {
  /** Absolute. */
  path: string;
  content: string;
  mode: number;
}

export interface DebSpec {
  name: string;
  version: string;
  description: string;
  files: DebFile[];
}

/** Fields of the control file, which the index repeats. */
export function control({ name, version, description }: Omit<DebSpec, "files">): string {
  const fields = { Package: name, Version: version, Architecture: "all", Maintainer: "Biplane <biplane@localhost>" };
  const lines = Object.entries({ ...fields, Description: description }).map(([field, value]) => `${field}: ${value}`);
  return `${lines.join("\n")}\n`;
}

export function deb(spec: DebSpec): Buffer {
  const members = {
    "debian-binary": Buffer.from("2.0\n"),
    "control.tar.gz": tarball([{ path: "/control", content: control(spec), mode: 0o644 }]),
    "data.tar.gz": tarball(spec.files),
  };
  const parts = Object.entries(members).flatMap(([name, body]) => [
    arHeader(name, body.length),
    body,
    padding(body, 2, "\n"),
  ]);
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}

function arHeader(name: string, size: number): Buffer {
  const fields = [
    name.padEnd(16),
    "0".padEnd(12),
    "0".padEnd(6),
    "0".padEnd(6),
    "100644".padEnd(8),
    `${size}`.padEnd(10),
  ];
  return Buffer.from(`${fields.join("")}\`\n`);
}

function tarball(files: readonly DebFile[]): Buffer {
  const folders = [...new Set(files.flatMap(({ path }) => parentsOf(path)))].sort();
  const entries = [
    ...folders.map((path) => tarEntry(`.${path}/`, "", 0o755, "5")),
    ...files.map(({ path, content, mode }) => tarEntry(`.${path}`, content, mode, "0")),
  ];
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
}

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return ["", ...parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`)];
}

function tarEntry(name: string, text: string, mode: number, type: "0" | "5"): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, width: number) =>
    header.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at);
  header.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.write(" ".repeat(8), 148);
  header.write(type, 156);
  header.write("ustar\x0000", 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return Buffer.concat([header, content, padding(content, 512, "\0")]);
}

function padding({ length }: Buffer, block: number, filler: string): Buffer {
  return Buffer.alloc((block - (length % block)) % block, filler);
}
