import { describe, expect, it } from "vitest";
import { renderFluentBit } from "../../components/logs/fluent-bit.ts";
import { renderTelegraf } from "../../components/logs/telegraf.ts";
import { outputsOf } from "./shipper.ts";

const namespace = "union-logs";
const settings = { logGroup: "/biplane/acme/main", region: "us-east-2", projectNamespaces: ["demo-development"] };
const told = (data: Record<string, string>, where = namespace) =>
  outputsOf([{ metadata: { namespace: where, name: "files" }, data } as object], namespace);

describe("what a shipper is told to send, and where", () => {
  it("is read of both configurations that the component writes", () => {
    expect(told(renderFluentBit(settings))).toEqual([
      {
        from: "ConfigMap/union-logs/files/fluent-bit.conf",
        plugin: "cloudwatch_logs",
        settings: { region: "us-east-2" },
      },
    ]);
    expect(told(renderTelegraf(settings)).map(({ plugin, settings: own }) => [plugin, own])).toEqual([
      ["cloudwatch_logs", { region: "us-east-2" }],
    ]);
  });

  it("is read of Fluent Bit's YAML, and of each output what says how safely it sends, and nothing else", () => {
    const outputs =
      "pipeline:\n  outputs:\n    - {name: http, host: a.test, port: 80, tls.verify: off, http_passwd: x}";
    expect(told({ "fluent-bit.yaml": outputs })).toMatchObject([
      { plugin: "http", settings: { host: "a.test", port: "80", "tls.verify": "off" } },
    ]);
    const classic =
      "[OUTPUT]\n    Name http\n    TLS Off\n    HTTP_Passwd x\n    # tls on\n[FILTER]\n    Name a\n    tls On\n";
    expect(told({ "fluent-bit.conf": classic })).toMatchObject([{ plugin: "http", settings: { tls: "Off" } }]);
    expect(JSON.stringify([told({ a: outputs }), told({ a: classic })])).not.toMatch(/passwd/i);
    const url = '[[outputs.http]]\n  url = "http://me:hunter2@a.test/x"\n';
    expect(told({ "telegraf.conf": url })[0]?.settings).toEqual({ url: "http://(hidden)@a.test/x" });
  });

  it("is not looked for in another namespace, nor found in what is no configuration", () => {
    expect(told(renderFluentBit(settings), "stranger")).toEqual([]);
    expect(told({ "ca.crt": "-----BEGIN", "notes.txt": "pipeline: [\n", other: "pipeline: 1" })).toEqual([]);
  });
});
