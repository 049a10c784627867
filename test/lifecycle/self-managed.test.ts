import { describe } from "vitest";
import { describeModel } from "./whole-model.ts";

/** The other tests of the planes run self-managed ones: what is left is how they go. */
describe.runIf(process.env.BIPLANE_LONG)("a self-managed customer beside its region", () =>
  describeModel("self-managed"),
);
