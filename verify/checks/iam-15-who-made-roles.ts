import { defineCheck } from "../check.ts";
import type { RoleCreationFact } from "../facts-account.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { grants } from "../reason/iam-policy.ts";
import { callThatMade } from "../reason/role-creation.ts";
import type { Target } from "../target.ts";
import { isOwn, namedBy } from "./iam-06-no-foreign-principals.ts";
import { changing } from "./who-made.ts";

type Call = RoleCreationFact["calls"][number];

/**
 * In BYOC too: whoever writes a role's policy and trust can become it, so a vendor that made these would have a way to data.
 * The role that a session was of is asked for its trust as it is now.
 */
export const rolesMadeByCustomer = defineCheck({
  id: "IAM-15",
  title: "The customer's own principals made both roles, and nobody of another account could have been one of them",
  severity: "high",
  claims: ["iam-provisioned-by-customer-sm"],
  supersedes: { "iam-provisioned-by-vendor-byoc": "docs/decisions/0059-roles-made-with-the-customers-rights.md" },
  documented: ["C07"],
  fix: "Replace the role by the customer stack, run with credentials of the customer's own account.",
  needs: ["roleCreations"],
  evaluate({ roleCreations }, target) {
    return [target.roles.admin, target.roles.user].map((name) => {
      const made = roleCreations.find((one) => one.name === name);
      return made ? judge(made, target) : fail(`role ${name}`, "nothing is told of its making");
    });
  },
  sabotages: [
    {
      name: "somebody of the vendor's account made the first role",
      apply: ({ roleCreations }) =>
        change(roleCreations.at(0), ({ by }) => {
          by.account = stranger;
          by.arn = `arn:aws:iam::${stranger}:role/onboarding`;
        }),
    },
    {
      name: "the last role was made by a session of a role that another account may take",
      apply: ({ roleCreations }) =>
        change(roleCreations.at(-1), ({ by }) => {
          const { statements = [] } = by.trust ?? {};
          by.trust = { version: "2012-10-17", statements: [...statements, trusting(`arn:aws:iam::${stranger}:root`)] };
        }),
    },
    {
      name: "the last role was made by the vendor's management role, whoever that trusts",
      apply: ({ roleCreations }, { management, account }) =>
        change(roleCreations.at(-1), ({ by }) => {
          by.arn = management?.roleArn ?? `arn:aws:iam::${stranger}:role/management`;
          by.trust = { version: "2012-10-17", statements: [trusting(`arn:aws:iam::${account}:root`)] };
        }),
    },
    {
      name: "the role of the last session is not told",
      apply: ({ roleCreations }) =>
        change(roleCreations.at(-1), ({ by }) => {
          by.type = "AssumedRole";
          delete by.trust;
        }),
    },
    {
      name: "the call for the first role failed",
      apply: ({ roleCreations }) =>
        change(roleCreations.at(0), (call) => {
          call.errorCode = "EntityAlreadyExists";
        }),
    },
    {
      name: "the call for the last role made an earlier one of its name",
      apply: ({ roleCreations }) =>
        change(roleCreations.at(-1), (call) => {
          call.roleId = "AROAEARLIER";
        }),
    },
    {
      name: "no call made the first role",
      apply({ roleCreations }) {
        for (const made of roleCreations.slice(0, 1)) made.calls = [];
      },
    },
    {
      name: "nothing is told of the last role",
      apply({ roleCreations }) {
        roleCreations.pop();
      },
    },
  ],
});

function judge(made: RoleCreationFact, target: Target): Finding {
  const { arn, id } = made;
  const call = callThatMade(made);
  if (!call) return fail(arn, `none of ${made.calls.length} calls to make a role of its name made ${id}`);
  const { by, at, eventId } = call;
  const reason = foreignness(by, target);
  return reason ? fail(arn, `made at ${at} by ${reason}`) : pass(arn, `made at ${at} by ${by.arn} (${eventId})`);
}

/** Why it is none of the customer's alone. */
function foreignness({ type, account, arn, trust }: Call["by"], target: Target): string | undefined {
  if (account !== target.account || arn.split(":")[4] !== target.account)
    return `${arn || type} of account ${account || "(not told)"}, not ${target.account}`;
  if (arn === target.management?.roleArn) return `${arn}, the vendor's management role`;
  if (!trust) return type === "AssumedRole" ? `${arn}, and whom it trusts is not told` : undefined;
  const guest = grants([trust])
    .flatMap(namedBy)
    .find((principal) => !isOwn(principal, target.account));
  return guest && `${arn}, which trusts ${guest}`;
}

const stranger = "999999999999";

const change = changing(callThatMade);

function trusting(arn: string) {
  return {
    effect: "Allow" as const,
    actions: ["sts:assumerole"],
    notActions: [],
    resources: [],
    notResources: [],
    principals: [`AWS:${arn}`],
    conditions: {},
  };
}
