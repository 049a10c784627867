/** A waiver as its file and the report hold it. */
import { z } from "zod";

export const waiverSchema = z.strictObject({
  check: z.string().regex(/^[A-Z]+-\d\d$/, "id of a check"),
  fingerprint: z.string().regex(/^[0-9a-f]{16}$/, "16 hex digits, as the report prints them"),
  owner: z.string().min(3).describe("Who answers for it"),
  reason: z.string().min(10),
  expires: z.iso.date().describe("The last day on which it holds, UTC"),
});

export type Waiver = z.infer<typeof waiverSchema>;

export const waiversFileSchema = z.strictObject({ waivers: z.array(waiverSchema) });
