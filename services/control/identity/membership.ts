/** Who somebody is here, by what their identity provider says of them. Pure. */
import { z } from "zod";
import { type Bootstrap, memberRoles } from "../../shared/bootstrap.ts";

/** Of one organisation, as a session and a token name them. */
export const personSchema = z.object({
  org: z.string(),
  /** Verified e-mail address, in lower case. */
  subject: z.string(),
  role: z.enum([...memberRoles, "staff"]),
  /** Id of what lets them in; set exactly where the role is "staff". */
  grant: z.string().optional(),
});
export type Person = z.output<typeof personSchema>;

/** As tokens and records name their kind. */
export const kindOf = ({ grant }: Pick<Person, "grant">) => (grant === undefined ? "user" : "staff");

/** A refusal is told to the person, so it says what to do and nothing of other organisations. */
export type Membership = { person: Person } | { staff: string } | { refused: string };

/** What the region's stack says of the provider's groups. */
export interface KnownGroups {
  /** Which belongs to which organisation, and with what role. */
  people: Bootstrap["people"];
  /** Whose people are the region's staff. @default nobody's */
  staff?: string | undefined;
}

const emailSchema = z.object({
  email: z
    .string()
    .regex(/^[^\s@]+@[^\s@]+$/)
    .max(256),
  email_verified: z.literal(true),
});
/** A provider with one organisation a person may say it as a bare word. */
const groupsSchema = z.union([z.array(z.string()), z.string().transform((one) => [one])]);

/**
 * @param claims of the verified id_token.
 * @param groupsClaim which of them names the groups.
 * @returns `staff`: the address of one who is of no organisation, and may be let in by some.
 */
export function membershipOf(
  claims: Readonly<Record<string, unknown>>,
  groupsClaim: string,
  { people, staff }: KnownGroups,
): Membership {
  const address = emailSchema.safeParse(claims);
  if (!address.success) return { refused: "Your identity provider does not vouch for your e-mail address." };
  const subject = address.data.email.toLowerCase();
  const groups = groupsSchema.safeParse(claims[groupsClaim]);
  const held = people.filter(({ group }) => groups.success && groups.data.includes(group));
  const orgs = [...new Set(held.map(({ org }) => org))];
  const [org] = orgs;
  if (staff !== undefined && groups.success && groups.data.includes(staff)) {
    if (org === undefined) return { staff: subject };
    return { refused: `${subject} is of the staff and of an organisation. Ask your administrator to keep you in one.` };
  }
  if (org === undefined) {
    return { refused: `${subject} belongs to no organisation here. Ask your administrator to add you to its group.` };
  }
  if (orgs.length > 1) {
    const why = "is in groups of several organisations, and a session is of one";
    return { refused: `${subject} ${why}. Ask your administrator to keep you in one.` };
  }
  const role = memberRoles.find((name) => held.some((one) => one.role === name)) ?? "none";
  return { person: { org, subject, role } };
}
