/** Writes the published JSON Schemas of both shapes' configuration: `node stacks/write-schemas.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configJsonSchema, type Shape, schemas } from "./config.ts";

export function schemaFile(shape: Shape): string {
  return join(import.meta.dirname, "schemas", `${shape}.schema.json`);
}

export function renderSchema(shape: Shape): string {
  return `${JSON.stringify(configJsonSchema(shape), undefined, 2)}\n`;
}

if (import.meta.main) {
  for (const shape of Object.keys(schemas)) {
    if (isShape(shape)) writeFileSync(schemaFile(shape), renderSchema(shape));
  }
}

export function isShape(name: string): name is Shape {
  return name in schemas;
}
