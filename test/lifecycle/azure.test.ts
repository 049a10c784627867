import { describeBesideRegion } from "./beside-region.ts";

describeBesideRegion({
  cloud: "azure",
  byReading: 50,
  by: ["BKT-41", "IAM-10", "IAM-43", "NS-05", "REG-42", "SEC-43", "TLS-43", "TLS-44", "VND-41", "VND-43"],
});
