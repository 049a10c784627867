import { defineRegionCheck } from "../check.ts";
import type { IamRole } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { looksLike } from "../reason/credentials.ts";
import { globMatches } from "../reason/iam/glob.ts";
import { grants, type Statement } from "../reason/iam-policy.ts";
import { serviceEnvironment } from "../reason/region.ts";

/** The ways into another account's role, in lower case as policies are read. */
const waysIn = ["sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession"];

export const noCustomerCredentials = defineRegionCheck({
  id: "CP-10",
  title: "The control plane holds no credential for a customer's cloud, and no role that could take one",
  severity: "critical",
  claims: ["presign-no-persistent-cp-iam"],
  documented: ["C09"],
  fix: "Remove the grant, the key or the secret: signatures are made in the customer's plane.",
  needs: ["regionIam", "regionScanned", "regionManagedSecrets", "regionPods"],
  evaluate({ regionIam, regionScanned, regionManagedSecrets, regionPods }, { account, namespace, customerAccounts }) {
    return [
      ...regionIam.roles.map((role) => judgeRole(role, account, customerAccounts)),
      ...regionIam.users.map(({ name, accessKeys }) =>
        accessKeys > 0 ? fail(`IAM user ${name}`, `${accessKeys} access keys`) : pass(`IAM user ${name}`, "no key"),
      ),
      ...regionScanned.map(({ kind, namespace: home, name, keys, suspicious }) =>
        suspicious.length > 0
          ? fail(
              `${kind}/${home}/${name}`,
              suspicious.map(({ key, looksLike }) => `${key} looks like ${looksLike}`).join(),
            )
          : pass(`${kind}/${home}/${name}`, `${keys.length} values, none looks like a cloud key`),
      ),
      ...regionManagedSecrets.map(({ name, owner }) =>
        owner
          ? pass(`secret ${name}`, `made and rotated by ${owner}`)
          : fail(`secret ${name}`, "nobody knows what it holds"),
      ),
      ...serviceEnvironment(regionPods, namespace).flatMap(({ pod, name, value }) =>
        looksLike(value).map((what) => fail(`${pod}#${name}`, `looks like ${what}`)),
      ),
    ];
  },
  sabotages: [
    {
      name: "the last role may assume a customer's role by name",
      apply: ({ regionIam }, { customerAccounts }) =>
        grant(regionIam.roles.at(-1), {
          actions: ["sts:assumerole"],
          resources: [`arn:aws:iam::${customerAccounts[0] ?? "999999999999"}:role/adminflyterole`],
        }),
    },
    {
      name: "the first role may assume any role, by wildcards in action and resource",
      apply: ({ regionIam }) =>
        grant(regionIam.roles.at(0), { actions: ["s*:assume*"], resources: ["arn:aws:iam::*:role/x"] }),
    },
    {
      name: "a role may do all but one thing",
      apply: ({ regionIam }) => grant(regionIam.roles.at(-1), { notActions: ["iam:createuser"], resources: ["*"] }),
    },
    {
      name: "a role names a customer's secret",
      apply: ({ regionIam }, { customerAccounts }) =>
        grant(regionIam.roles.at(0), {
          actions: ["secretsmanager:getsecretvalue"],
          resources: [`arn:aws:secretsmanager:us-east-2:${customerAccounts[0] ?? "999999999999"}:secret:*`],
        }),
    },
    {
      name: "a user with a key",
      apply({ regionIam }) {
        regionIam.users.push({ name: "signer", accessKeys: 1 });
      },
    },
    {
      name: "the last Secret holds an access key",
      apply({ regionScanned }) {
        regionScanned.at(-1)?.suspicious.push({ key: "token", looksLike: "an AWS access key id" });
      },
    },
    {
      name: "a secret that somebody put into Secrets Manager",
      apply({ regionManagedSecrets }) {
        regionManagedSecrets.push({ name: "acme/signing" });
      },
    },
    {
      name: "an access key in a pod's environment",
      apply({ regionPods }, { namespace }) {
        const last = serviceEnvironment(regionPods, namespace).at(-1);
        if (!last) return false;
        last.set(`AKIA${"A".repeat(16)}`);
        return undefined;
      },
    },
  ],
});

function grant(role: IamRole | undefined, more: Partial<Statement>): undefined | false {
  if (!role) return false;
  const none = { actions: [], notActions: [], resources: [], notResources: [], principals: [], conditions: {} };
  role.attached.push({
    arn: "arn:aws:iam::111111111111:policy/sabotage",
    document: { version: "2012-10-17", statements: [{ effect: "Allow", ...none, ...more }] },
  });
  return undefined;
}

/** Denials and conditions make nothing smaller here: what is granted under any of them is granted. */
function judgeRole({ arn, inline, attached }: IamRole, own: string, customers: readonly string[]): Finding {
  const statements = grants([...inline, ...attached].map(({ document }) => document));
  const named = statements
    .flatMap(({ resources }) => resources)
    .find((one) => customers.includes(one.split(":")[4] ?? ""));
  if (named) return fail(arn, `a grant names ${named}`);
  const taking = statements.find((statement) => takesRoles(statement) && reachesBeyond(statement, own));
  if (taking)
    return fail(arn, `may assume roles beyond its account: ${[...taking.resources, ...taking.notResources].join()}`);
  return pass(arn, `${statements.length} grants, none reaches another account's role`);
}

function takesRoles({ actions, notActions }: Statement): boolean {
  return notActions.length > 0 || waysIn.some((way) => actions.some((action) => globMatches(action, way)));
}

/** Only a resource whose account is spelt out, and is its own, stays inside. */
function reachesBeyond({ resources, notResources }: Statement, own: string): boolean {
  return notResources.length > 0 || resources.some((resource) => resource.split(":")[4] !== own);
}
