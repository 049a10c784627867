/** Marks tests that need an extended part: the end of a run names those that did not run without it. */
import type { extendedParts } from "../extended.ts";

type ExtendedPart = (typeof extendedParts)[number];

declare module "vitest" {
  interface TaskMeta {
    part?: ExtendedPart;
  }
}

/** Options of a test or of a group, which is to be skipped where the part is not there. */
export const needs = (part: ExtendedPart) => ({ meta: { part } });
