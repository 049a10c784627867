import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const twoRoles = defineCheck({
  id: "IAM-01",
  title: "Both roles exist, differ, and their policies can be read",
  severity: "high",
  claims: ["iam-two-roles-per-plane", "lp-two-iam-roles", "verify-iam-roles-inspect"],
  documented: ["C07"],
  fix: "Run `pulumi up` on the customer stack.",
  needs: ["iam"],
  evaluate({ iam }, target) {
    const names = [target.roles.admin, target.roles.user];
    if (names[0] === names[1]) return [fail(`role ${names[0]}`, "one role serves the platform and the tasks")];
    return names.map((name) => {
      const role = iam.roles.find((candidate) => candidate.name === name);
      if (!role) return fail(`role ${name}`, "does not exist");
      const documents = role.inline.length + role.attached.length;
      return documents > 0 ? pass(role.arn, `${documents} policies read`) : fail(role.arn, "has no policy at all");
    });
  },
  sabotages: [
    {
      name: "the user role is deleted",
      apply(facts, target) {
        facts.iam.roles = facts.iam.roles.filter(({ name }) => name !== target.roles.user);
      },
    },
  ],
});
