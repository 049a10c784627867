/**
 * The judge of workload identity: the object store's IAM, which verifies tokens, trust and policies for real. What the
 * emulator stores about roles that a workload assumes is told to it as well, in the one account that it knows.
 */
import { sameValue } from "../machine/values.ts";
import type { Cloud } from "./cloud.ts";
import { ifThere } from "./helpers.ts";

type Iam = Awaited<ReturnType<Cloud["iam"]>>;

/** Puts a document into the judge's account, and a role under its name there. */
interface Rewrite {
  (document: string): string;
  role(name: string): string;
}

/** Does the same at the judge, where the account has one. */
export async function alsoAtJudge(cloud: Cloud, work: (iam: Iam, rewrite: Rewrite) => Promise<unknown>): Promise<void> {
  const { judge } = cloud.backing;
  if (!judge) return;
  const document = (text: string) => text.replaceAll(cloud.account, judge.account);
  await work(await cloud.judgeIam(), Object.assign(document, { role: judge.roleName }));
}

/**
 * Only roles that a workload's token can assume are judged; of the others the judge would refuse the trust policy, and
 * a role that it does not know lets nobody in.
 */
function isWorkloadRole(trust: string): boolean {
  const { Statement = [] } = JSON.parse(trust) as { Statement?: { Effect?: string; Action?: string | string[] }[] };
  return Statement.some(
    ({ Effect, Action }) => Effect === "Allow" && [Action].flat().includes("sts:AssumeRoleWithWebIdentity"),
  );
}

/** Makes the judge's role this one, whatever was there before. */
export async function mirrorRole(cloud: Cloud, name: string, trust: string): Promise<void> {
  await alsoAtJudge(cloud, async (iam, rewrite) => {
    const RoleName = rewrite.role(name);
    const PolicyDocument = rewrite(trust);
    const held = (await ifThere(iam.getRole({ RoleName })))?.Role;
    if (held && !isWorkloadRole(trust)) await removeRole(iam, RoleName);
    else if (held) await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument });
    else if (isWorkloadRole(trust)) await iam.createRole({ RoleName, AssumeRolePolicyDocument: PolicyDocument });
  });
}

export async function unmirrorRole(cloud: Cloud, name: string): Promise<void> {
  await alsoAtJudge(cloud, (iam, rewrite) => removeRole(iam, rewrite.role(name)));
}

export async function mirrorPolicy(cloud: Cloud, role: string, PolicyName: string, policy: string | undefined) {
  await alsoAtJudge(cloud, async (iam, rewrite) => {
    const RoleName = rewrite.role(role);
    if (!(await ifThere(iam.getRole({ RoleName })))) return;
    if (policy === undefined) await ifThere(iam.deleteRolePolicy({ RoleName, PolicyName }));
    else await iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument: rewrite(policy) });
  });
}

/** Whether the judge still holds what the emulator holds: a refresh must see a change made at either. */
export async function judgeAgrees(cloud: Cloud, name: string, trust: string): Promise<boolean> {
  if (!cloud.backing.judge || !isWorkloadRole(trust)) return true;
  let agrees = false;
  await alsoAtJudge(cloud, async (iam, rewrite) => {
    const held = (await ifThere(iam.getRole({ RoleName: rewrite.role(name) })))?.Role?.AssumeRolePolicyDocument;
    agrees = sameValue(held && decodeURIComponent(held), rewrite(trust));
  });
  return agrees;
}

async function removeRole(iam: Iam, RoleName: string): Promise<void> {
  const policies = (await ifThere(iam.listRolePolicies({ RoleName })))?.PolicyNames ?? [];
  for (const PolicyName of policies) await ifThere(iam.deleteRolePolicy({ RoleName, PolicyName }));
  await ifThere(iam.deleteRole({ RoleName }));
}
