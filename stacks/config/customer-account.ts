/** A customer's account, where there is none yet. */
import { z } from "zod";
import { common } from "./common.ts";
import { role, text, word } from "./words.ts";

export const customerAccountSchema = z
  .strictObject({
    shape: z.literal("customer"),
    phase: z.literal("account"),
    region: common.region,
    dataProtection: common.dataProtection.describe("on: the account cannot be closed. off: destroy closes it"),
    tags: common.tags,
    org: word,
    accountName: text("1 to 50 printable characters", /^[ -~]{1,50}$/)
      .optional()
      .describe("@default biplane-<org>"),
    email: text(
      "an address of 6 to 64 characters that no other AWS account has",
      /^(?=.{6,64}$)[^\s@]+@[^\s@]+\.[^\s@]+$/,
    ).describe("Of the account's root user"),
    organizationalUnit: text("ou-<root>-<unit> or r-<root>", /^(?:r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})$/)
      .optional()
      .describe("Where the account is put. @default the organisation's root"),
    accessRole: role
      .default("OrganizationAccountAccessRole")
      .describe("Role made in the account for the organisation's own people; the base phase runs as it"),
  })
  .transform((config) => ({ ...config, accountName: config.accountName ?? `biplane-${config.org}` }));
