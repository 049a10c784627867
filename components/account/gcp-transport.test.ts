import { expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { GoogleTransportPolicies } from "./gcp-transport.ts";

it("refuses plain HTTP to the project's storage, and TLS 1.0 and 1.1 to all of it", async () => {
  const made = await recordResources(() => new GoogleTransportPolicies("main-transport", { project: "acme-data" }));
  const policies = made.of("gcp:orgpolicy/policy:Policy").map(({ name, inputs }) => [name, inputs]);
  expect(policies).toEqual([
    [
      "main-transport-https",
      {
        name: "projects/acme-data/policies/storage.secureHttpTransport",
        parent: "projects/acme-data",
        spec: { rules: [{ enforce: "TRUE" }] },
      },
    ],
    [
      "main-transport-tls",
      {
        name: "projects/acme-data/policies/gcp.restrictTLSVersion",
        parent: "projects/acme-data",
        spec: { rules: [{ values: { deniedValues: ["TLS_VERSION_1", "TLS_VERSION_1_1"] } }] },
      },
    ],
  ]);
});
