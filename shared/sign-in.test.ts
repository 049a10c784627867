import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Paths, paths } from "../sandbox/paths.ts";
import { ensureAuthority, ensureLeaf } from "../sandbox/pki.ts";
import { signIn } from "./sign-in.ts";

type Answer = [status: number, body: string];
const folder = mkdtempSync(join(tmpdir(), "biplane-sign-in-"));
const here: Paths = { ...paths(), pki: folder };
let server: Server;
let ca: string;
/** One after the other, and the last for ever. */
let answers: Answer[];
let asked: number;

beforeAll(async () => {
  ca = readFileSync((await ensureAuthority(here)).certificate, "utf8");
  const { certificate, key } = await ensureLeaf(here, { name: "edge", dns: ["localhost"] });
  server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
    const [status, body] = answers[Math.min(asked++, answers.length - 1)] ?? [500, ""];
    request.resume().on("end", () => response.writeHead(status).end(body));
  }).listen(0, "localhost");
  await once(server, "listening");
});
beforeEach(() => {
  asked = 0;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const enter = () => {
  const endpoint = `localhost:${(server.address() as AddressInfo).port}`;
  return signIn({ endpoint, clientId: "probe", secret: "unsaid", ca }, 1);
};
const away: Answer = [503, "upstream connect error or disconnect/reset before headers"];

it("whoever comes while the service is being started anew is let in once it is there", async () => {
  answers = [away, away, [200, '{"access_token":"a token"}']];
  expect(await enter()).toBe("a token");
  expect(asked).toBe(3);
});

it.each<[string, Answer, string]>([
  ["refused", [401, '{"error_description":"no such client"}'], "does not sign probe in: no such client"],
  ["told something that is no JSON", [500, "oops"], "does not sign probe in: it answered 500"],
  ["told yes, without a token", [200, "<html>"], "does not sign probe in: it answered 200"],
])("whoever is %s is told so at once", async (_, answer, message) => {
  answers = [answer];
  const thrown = await enter().catch((error: Error) => error.message);
  expect(thrown).toContain(message);
  expect(thrown).not.toContain("unsaid");
  expect(asked).toBe(1);
});
