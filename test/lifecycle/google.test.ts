import { describeBesideRegion } from "./beside-region.ts";

describeBesideRegion({
  cloud: "gcp",
  byReading: 50,
  by: ["BKT-21", "IAM-10", "IAM-23", "NS-05", "SEC-23", "TLS-24", "VND-21"],
});
