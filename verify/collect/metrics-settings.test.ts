import { describe, expect, it } from "vitest";
import { configFile, renderSettings, webFile } from "../../components/metrics-store/settings.ts";
import { metricsSettingsOf } from "./metrics-settings.ts";

const namespace = "union-metrics";
const told = (data: Record<string, string>, where = namespace) =>
  metricsSettingsOf([{ metadata: { namespace: where, name: "files" }, data } as object], namespace);

describe("what a metrics store is told", () => {
  it("is read of the configuration that the component writes", () => {
    expect(told(renderSettings(["demo-development"]))).toEqual([
      {
        configMap: "files",
        jobs: [{ name: "kubelets", scheme: "https" }],
        sendsTo: [],
        clientAuth: "RequireAndVerifyClientCert",
      },
    ]);
  });

  it("is read of what somebody wrote in its place: a receiver, without its password, and an open door", () => {
    const written = "scrape_configs: [{job_name: a}]\nremote_write:\n  - url: https://me:hunter2@vendor.test/push\n";
    expect(told({ [configFile]: written, [webFile]: "tls_server_config: {cert_file: a}" })).toEqual([
      {
        configMap: "files",
        jobs: [{ name: "a", scheme: "http" }],
        sendsTo: ["https://(hidden)@vendor.test/push"],
        clientAuth: "NoClientCert",
      },
    ]);
    expect(told({ [configFile]: written })[0]).not.toHaveProperty("clientAuth");
  });

  it("is not looked for in another namespace, nor found in what is no configuration", () => {
    expect(told(renderSettings([]), "elsewhere")).toEqual([]);
    expect(told({ [configFile]: "scrape_configs: [" })).toEqual([]);
    expect(told({ other: "{}" })).toEqual([]);
  });
});
