/** Apart from what makes them: a customer's program knows the names, and loads nothing of the region's. */

/** Names that a tenant's own applications cannot have: what a tenant is given anyway is called so. */
export const reservedApplications = ["admin", "tasks"];

/** The application that task pods act as; both shapes know it by this rule. */
export function taskClientId(org: string): string {
  return `${org}-tasks`;
}
