/** What the region's stack declares at its start: applications and clusters to come, by the hashes of their secrets; people. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { userRoles } from "./auth/caller.ts";
import { label } from "./config.ts";

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in hexadecimal, lower case");

const placeSchema = z.object({ project: label.or(z.literal("")), domain: label });

/** What a group of the identity provider may give, the strongest first. */
export const memberRoles = ["admin", "contributor", "viewer", "none"] as const;

export const bootstrapSchema = z.object({
  applications: z.array(
    z.object({
      org: label,
      clientId: z.string().min(1).max(128),
      secretSha256: sha256Hex,
      role: z.enum(userRoles),
      /** Where the role holds. @default everywhere in the organisation */
      places: z.array(placeSchema).default([]),
    }),
  ),
  registrations: z.array(z.object({ org: label, cluster: label, tokenSha256: sha256Hex })),
  /** Which group of the identity provider belongs to which organisation, and with what role. @default nobody signs in */
  people: z
    .array(
      z.object({
        org: label,
        group: z.string().min(1).max(256),
        role: z.enum(memberRoles),
      }),
    )
    .default([]),
});

export type Bootstrap = z.output<typeof bootstrapSchema>;

export const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest();
