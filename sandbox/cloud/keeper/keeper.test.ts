import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { WholeAnswer } from "../front/upstream.ts";
import { Keeper, type Message, matchPath } from "./keeper.ts";
import { form, KeptRefusal, type Operation, rest, target } from "./operation.ts";
import { Store } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-keeper-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "state", "kept.json");

const operations: readonly Operation[] = [
  rest("eks", "PUT", "/things/{name}", async ({ path, input, records }) => {
    records("thing").set([String(path.name)], input);
    return input;
  }),
  rest("eks", "GET", "/things/{name}", async ({ path, records }) => {
    const held = records("thing").get(String(path.name));
    if (!held) throw new KeptRefusal(404, "ResourceNotFoundException", "No such thing <a&b>.");
    return held;
  }),
  rest("eks", "GET", "/passed", async ({ pass }) => ({ passed: await pass() })),
  target("logs", "PutThing", async ({ input }) => input),
  form("rds", "StartThing", async ({ input }) => ({ Things: { Thing: [{ Name: input.Name }, { Name: "b" }] } })),
];

const emulated: WholeAnswer = { status: 200, headers: { "content-type": "application/json" }, body: Buffer.from("{}") };

function ask(account: string, method: string, target: string, more: Partial<Message> & { service?: string } = {}) {
  const { service = "eks", headers = {}, body = Buffer.alloc(0) } = more;
  const credential = `Credential=AKIA/20260101/us-east-2/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=x`;
  const keeper = new Keeper(operations, new Store(file));
  return keeper.call(account, { method, target, headers: { authorization, ...headers }, body }, async () => emulated);
}

const json = (value: object) => Buffer.from(JSON.stringify(value));

describe("Keeper", () => {
  it("remembers across a restart, for one account only", async () => {
    await ask("111111111111", "PUT", "/things/one", { body: json({ size: 1 }) });
    expect(JSON.parse((await ask("111111111111", "GET", "/things/one")).body.toString())).toEqual({ size: 1 });
    expect((await ask("222222222222", "GET", "/things/one")).status).toBe(404);
  });

  it("takes an encoded ARN for one step of the path", () => {
    const arn = "arn:aws:iam::1:role/a/b";
    expect(matchPath("/e/{arn}/p", `/e/${encodeURIComponent(arn)}/p/`)).toEqual({ arn });
    expect(matchPath("/e/{arn}/p", `/e/${arn}/p`)).toBeUndefined();
  });

  it("lets through what it does not keep: other paths, methods, services and unsigned requests", async () => {
    expect(await ask("1", "GET", "/other")).toBe(emulated);
    expect(await ask("1", "DELETE", "/things/one")).toBe(emulated);
    expect(await ask("1", "GET", "/things/one", { service: "batch" })).toBe(emulated);
    expect(await ask("1", "GET", "/things/one", { headers: { authorization: "" } })).toBe(emulated);
  });

  it("knows an operation by its target or its form's action, and answers in that protocol", async () => {
    const headers = { "x-amz-target": "Logs_20140328.PutThing" };
    const put = await ask("1", "POST", "/", { service: "logs", headers, body: json({ a: 1 }) });
    expect(put.body.toString()).toBe('{"a":1}');
    const body = Buffer.from("Action=StartThing&Name=a%26a");
    const started = await ask("1", "POST", "/", { service: "rds", body });
    expect(started.body.toString()).toContain(
      "<Things><Thing><Name>a&amp;a</Name></Thing><Thing><Name>b</Name></Thing>",
    );
    expect(started.headers["content-type"]).toBe("text/xml");
  });

  it("refuses with the service's code in header and body", async () => {
    const { status, headers, body } = await ask("1", "GET", "/things/none");
    expect(status).toBe(404);
    expect(headers["x-amzn-errortype"]).toBe("ResourceNotFoundException");
    expect(JSON.parse(body.toString()).message).toBe("No such thing <a&b>.");
  });
});

describe("Store", () => {
  it("removes what lies under a name, and not what only begins like it", () => {
    const records = new Store(join(folder, "under.json")).records("1", "r", "k");
    for (const key of [["a"], ["a", "x"], ["ab"]] as [string, ...string[]][]) records.set(key, { key });
    records.remove("a");
    expect(records.under()).toEqual([{ key: ["ab"] }]);
  });
});
