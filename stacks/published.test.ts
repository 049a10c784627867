import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readConfig, readShape } from "./read-config.ts";
import { renderSchema, schemaFile } from "./write-schemas.ts";

const examples = ["region-us-east-2", "customer-acme"].map((stack) => `Pulumi.${stack}.example.yaml`);

/** As the engine hands it over: nested values as JSON, secrets decrypted. */
function given(example: string): Record<string, string> {
  const { config } = parse(readFileSync(join(import.meta.dirname, "examples", example), "utf8"));
  return Object.fromEntries(
    Object.entries<unknown>(config).map(([key, value]) => {
      if (typeof value !== "object" || value === null) return [key, String(value)];
      return [key, "secure" in value ? "decrypted-value-of-a-test" : JSON.stringify(value)];
    }),
  );
}

describe("the examples", () => {
  it.each(examples)("%s is valid as it stands", (example) => {
    const values = given(example);
    const shape = readShape(values);
    expect(readConfig(shape, values)).toMatchObject({ shape, dataProtection: "on" });
  });
});

describe("the published JSON Schemas", () => {
  it.each(["region", "customer"] as const)(
    "%s: the file is what the code says (node stacks/write-schemas.ts)",
    (shape) => {
      expect(JSON.parse(readFileSync(schemaFile(shape), "utf8"))).toEqual(JSON.parse(renderSchema(shape)));
    },
  );
});
