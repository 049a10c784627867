import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const noIamUsers = defineCheck({
  id: "SEC-02",
  title: "The account has roles, and no user with a key",
  severity: "high",
  claims: ["iam-no-credentials-created-or-rotated"],
  documented: ["C09"],
  fix: "Delete the user's access keys; components take roles by token.",
  needs: ["iam"],
  evaluate({ iam }) {
    const holders = iam.users.filter(({ accessKeys }) => accessKeys > 0);
    if (holders.length === 0) {
      return [pass(`account ${iam.account}`, `${iam.roles.length} roles, ${iam.users.length} users, none with a key`)];
    }
    return holders.map(({ name, accessKeys }) => fail(`IAM user ${name}`, `${accessKeys} access keys`));
  },
  sabotages: [
    {
      name: "a user with one key appears",
      apply(facts) {
        facts.iam.users.push({ name: "deploy", accessKeys: 1 });
      },
    },
  ],
});
