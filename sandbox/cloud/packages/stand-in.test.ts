import { once } from "node:events";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { names } from "../../hosts.ts";
import { aptPackage, createPackages, pipPackage } from "./stand-in.ts";

const server = createPackages();
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => void server.close());

/** As a proxy is asked. */
function ask(url: string): Promise<{ status: number; body: string }> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, path: url, headers: { host: new URL(url).host } },
      async (answer) => {
        const chunks: Buffer[] = [];
        for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString("latin1") });
      },
    );
    asked.once("error", reject);
    asked.end();
  });
}

test("an index names the wheel, and an index the Debian package; both are there", async () => {
  const listed = await ask(`http://${names.packages}/simple/${pipPackage.name}/`);
  const wheel = /href="\.\.\/\.\.\/(wheels\/[^#]+)#/.exec(listed.body)?.[1];
  expect((await ask(`http://${names.packages}/${wheel}`)).body).toContain(pipPackage.says);
  const packages = await ask(`http://${names.packages}/debian/Packages`);
  const file = /^Filename: \.\/(.+)$/m.exec(packages.body)?.[1];
  expect(packages.body).toContain(`Package: ${aptPackage.name}\n`);
  expect((await ask(`http://${names.packages}/debian/${file}`)).body).toMatch(/^!<arch>\n/);
});

test("there is no way out: any other host is refused, whatever it is asked for", async () => {
  expect(await ask("http://pypi.org/simple/numpy/")).toMatchObject({
    status: 403,
    body: expect.stringContaining("no way out"),
  });
  expect((await ask(`http://${names.packages}/simple/numpy/`)).status).toBe(404);
});

test("nor is there a tunnel", async () => {
  const { port } = server.address() as AddressInfo;
  const asked = request({ host: "127.0.0.1", port, method: "CONNECT", path: "pypi.org:443" });
  asked.end();
  const [answer] = (await once(asked, "connect")) as [{ statusCode: number }];
  expect(answer.statusCode).toBe(403);
});
