/** What a service says when it ends by an error that nobody catches, with secrets in it: on neither of its outputs is one. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "testing/crashing-main.ts");
const needle = () => `needle${randomBytes(12).toString("hex")}`;
/** One for each kind of secret that passes through services; made here, so that nobody's scanner finds one in this file. */
const needles = {
  signature: needle(),
  bearer: needle(),
  token: needle(),
  password: needle(),
  clientSecret: needle(),
  login: needle(),
  key: needle(),
};
const planted = [
  `https://bucket.example/o?X-Amz-Algorithm=AWS4&X-Amz-Signature=${needles.signature}`,
  `authorization: Bearer ${needles.bearer}`,
  `eyJ${"hbGciOiJub25lIn0"}.${needles.token}.x`,
  `password=${needles.password}`,
  JSON.stringify({ client_secret: needles.clientSecret }),
  `postgres://owner:${needles.login}@db.example/biplane`,
  `-----BEGIN ${"PRIVATE"} KEY-----\n${needles.key}\n-----END ${"PRIVATE"} KEY-----`,
].join(" and ");

const env = { PORT: "0", HEALTH_PORT: "0", LOG_LEVEL: "debug" };
const holding = (output: string) =>
  Object.entries(needles).flatMap(([kind, text]) => (output.includes(text) ? kind : []));

it.each(["exception", "rejection", "text", "object"])("by an uncaught %s", { timeout: 60_000 }, async (how) => {
  const ended = await execa(process.execPath, [main, how, planted], { env, reject: false });
  expect(ended.exitCode).toBe(1);
  const fatal = ended.stdout.split("\n").filter((line) => line.includes('"fatal"'));
  expect(fatal).toHaveLength(1);
  expect(fatal[0]).toContain("[redacted]");
  expect(fatal[0]).toContain("bucket.example/o");
  expect(ended.stderr).toBe("");
  expect(holding(ended.stdout)).toEqual([]);
});

it("is searched as it should be: without the service around it, the same error tells all of them", async () => {
  const { stderr } = await execa(process.execPath, ["-e", "throw new Error(process.argv[1])", planted], {
    reject: false,
  });
  expect(holding(stderr)).toEqual(Object.keys(needles));
});
