/** The checks of the region's plane, in the order of the report. */
import type { AnyCheck } from "../check.ts";
import { regionInVendorAccount } from "./cp-01-vendor-account.ts";

export const regionChecks: readonly AnyCheck[] = [regionInVendorAccount];
