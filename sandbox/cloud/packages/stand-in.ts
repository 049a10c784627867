/**
 * Stands where a customer's egress proxy and its mirrors stand: an HTTP proxy that has no way out, and serves a Python
 * and a Debian package of its own making. What it shows is the way that packages take into a build, and nothing of the
 * real archives.
 */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { names } from "../../hosts.ts";
import { control, deb } from "./deb.ts";
import { zip } from "./zip.ts";

/** What a test asks for, and what it then finds. */
export const pipPackage = { name: "biplane-greeting", version: "1.0", says: "a greeting from a wheel" };
export const aptPackage = { name: "biplane-fortune", version: "1.0", says: "a fortune from a package" };

const wheel = wheelOf(pipPackage);
const debFile = `${aptPackage.name}_${aptPackage.version}_all.deb`;

/** Path → content; each file is named as its kind of archive names it. */
const files: Record<string, { type: string; body: Buffer }> = {
  [`/simple/${pipPackage.name}/`]: html(
    `<a href="../../wheels/${wheel.file}#sha256=${sha256(wheel.body)}">${wheel.file}</a>`,
  ),
  [`/wheels/${wheel.file}`]: { type: "application/zip", body: wheel.body },
  ...debian(),
};

export function createPackages(): Server {
  const server = createServer((request, response) => {
    const url = request.url?.startsWith("http://") ? new URL(request.url) : undefined;
    const host = (url?.host ?? request.headers.host ?? "").replace(/:\d+$/, "");
    const path = url?.pathname ?? request.url ?? "/";
    const found = host === names.packages ? files[path] : undefined;
    request.resume();
    if (found && (request.method === "GET" || request.method === "HEAD")) {
      response.writeHead(200, { "content-type": found.type, "content-length": found.body.length });
      response.end(request.method === "HEAD" ? undefined : found.body);
      return;
    }
    const status = host === names.packages ? 404 : 403;
    response.writeHead(status, { "content-type": "text/plain" });
    response.end(
      `${request.method} ${host}${path}: this stand-in for an egress proxy has no way out, and no such file.\n`,
    );
  });
  server.on("connect", (_request, socket) => void socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"));
  return server;
}

function debian(): typeof files {
  const { name, version, says } = aptPackage;
  const script = `#!/bin/sh\necho ${says}\n`;
  const description = "says something";
  const body = deb({ name, version, description, files: [{ path: `/usr/bin/${name}`, content: script, mode: 0o755 }] });
  const index = `${control({ name, version, description })}Filename: ./${debFile}\nSize: ${body.length}\nSHA256: ${sha256(body)}\n`;
  return {
    "/debian/./Packages": { type: "text/plain", body: Buffer.from(index) },
    "/debian/Packages": { type: "text/plain", body: Buffer.from(index) },
    [`/debian/./${debFile}`]: { type: "application/vnd.debian.binary-package", body },
    [`/debian/${debFile}`]: { type: "application/vnd.debian.binary-package", body },
  };
}

function wheelOf({ name, version, says }: typeof pipPackage) {
  const module = name.replaceAll("-", "_");
  const info = `${module}-${version}.dist-info`;
  const contents: Record<string, string> = {
    [`${module}.py`]: `def greeting():\n    return ${JSON.stringify(says)}\n`,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: biplane\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  };
  const hash = (text: string) => createHash("sha256").update(text).digest("base64url");
  const lines = Object.entries(contents).map(
    ([path, text]) => `${path},sha256=${hash(text)},${Buffer.byteLength(text)}`,
  );
  const record = `${[...lines, `${info}/RECORD,,`].join("\n")}\n`;
  return { file: `${module}-${version}-py3-none-any.whl`, body: zip({ ...contents, [`${info}/RECORD`]: record }) };
}

function html(body: string) {
  return { type: "text/html", body: Buffer.from(`<!DOCTYPE html><html><body>${body}</body></html>`) };
}

function sha256(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}
