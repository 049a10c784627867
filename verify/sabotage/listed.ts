/**
 * What each sabotage does: to the good plane by `expected.json`, which `expected.ts` writes and a test compares, and beyond that
 * by `richer.ts`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Listed } from "./prove.ts";
import { onRicherPlanes } from "./richer.ts";

export const expectedPath = join(import.meta.dirname, "expected.json");

/** Check → sabotage → the finding that it brings, and the other checks that it turns red too. */
const expectedSchema = z.record(
  z.string(),
  z.record(z.string(), z.strictObject({ finding: z.string(), alsoTurns: z.array(z.string()) })),
);
export type Expected = z.infer<typeof expectedSchema>;

export const expected: Expected = expectedSchema.parse(JSON.parse(readFileSync(expectedPath, "utf8")));

export const listed: Listed = Object.fromEntries(
  Object.entries(expected).map(([check, breaks]) => [
    check,
    Object.fromEntries(
      Object.entries(breaks).map(([name, { alsoTurns }]) => [
        name,
        [...alsoTurns, ...(onRicherPlanes[check]?.[name] ?? [])],
      ]),
    ),
  ]),
);
