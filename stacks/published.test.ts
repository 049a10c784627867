import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { schemas } from "./config.ts";
import { readConfig, readShape } from "./read-config.ts";
import { isShape, renderSchema, schemaFile } from "./write-schemas.ts";

const folder = join(import.meta.dirname, "examples");
/** One of each program and model. */
const examples = {
  "Pulumi.region-us-east-2.example.yaml": "region",
  "Pulumi.customer-acme-account.example.yaml": "customer-account",
  "Pulumi.customer-acme-base.byoc.example.yaml": "customer-base",
  "Pulumi.customer-acme-base.self-managed.example.yaml": "customer-base",
  "Pulumi.customer-acme.byoc.example.yaml": "customer",
  "Pulumi.customer-acme.self-managed.example.yaml": "customer",
  "Pulumi.customer-acme-base.gcp-byoc.example.yaml": "customer-base-gcp",
  "Pulumi.customer-acme.gcp-self-managed.example.yaml": "customer-gcp",
  "Pulumi.customer-acme-link.gcp.example.yaml": "customer-link-gcp",
  "Pulumi.customer-acme-base.azure-byoc.example.yaml": "customer-base-azure",
  "Pulumi.customer-acme.azure-self-managed.example.yaml": "customer-azure",
  "Pulumi.customer-acme-link.azure.example.yaml": "customer-link-azure",
};

/** As the engine hands it over: nested values as JSON, secrets decrypted. */
function given(example: string): Record<string, string> {
  const { config } = parse(readFileSync(join(folder, example), "utf8"));
  return Object.fromEntries(
    Object.entries<unknown>(config).map(([key, value]) => {
      if (typeof value !== "object" || value === null) return [key, String(value)];
      return [key, "secure" in value ? "decrypted-value-of-a-test" : JSON.stringify(value)];
    }),
  );
}

describe("the examples", () => {
  it.each(Object.entries(examples))("%s is valid as it stands, for %s", (example, program) => {
    const values = given(example);
    const shape = readShape(values);
    expect(shape).toBe(program);
    const config = readConfig(shape, values);
    // What holds no data has nothing to protect.
    if (!shape.startsWith("customer-link-")) expect(config).toMatchObject({ dataProtection: "on" });
    else expect(config).not.toHaveProperty("dataProtection");
  });

  it("are all named here", () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(examples).sort());
  });
});

describe("the published JSON Schemas", () => {
  it.each(Object.keys(schemas).filter(isShape))(
    "%s: the file is what the code says (node stacks/write-schemas.ts)",
    (shape) => {
      expect(JSON.parse(readFileSync(schemaFile(shape), "utf8"))).toEqual(JSON.parse(renderSchema(shape)));
    },
  );
});
