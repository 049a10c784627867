import { describe } from "vitest";
import { describeModel } from "./whole-model.ts";

describe("a BYOC customer beside its region", () => describeModel("byoc"));
