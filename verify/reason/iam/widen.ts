/** Ways to give a principal that is already held more than it had. */
import type { Hand, Held, Permission } from "./held.ts";
import { administrator, type Rule, type Taken } from "./take-over.ts";
import { type Entity, everything, type HeldPolicy, type World } from "./world.ts";

/** What is written of the target, and what it then is. */
interface Change {
  step: string;
  by: Permission | undefined;
  entity: Entity;
}

const anything: HeldPolicy = { document: everything };

export const widen: Rule = function* (hand, world) {
  for (const target of [...hand.held.values()]) {
    for (const { step, by, entity } of changesOf(hand, world, target)) {
      if (by) yield taken(target, entity, step, by);
    }
  }
};

function taken(target: Held, entity: Entity, step: string, by: Permission): Taken {
  const own: Permission = { by: target, resource: entity.arn, undecided: [] };
  return { entity, by: [own, by], step };
}

function* changesOf(hand: Hand, world: World, target: Held): Iterable<Change> {
  const { entity } = target;
  // What was widened once is not widened again: nothing is more than everything.
  const all = [...entity.inline, ...entity.attached].some(({ document }) => document === everything);
  if (!all) yield* ofPolicies(hand, world, entity);
  if (entity.boundary) yield* ofBoundary(hand, world, entity);
  yield* ofDenials(hand, entity);
}

function* ofPolicies(hand: Hand, world: World, entity: Entity): Iterable<Change> {
  const { arn } = entity;
  const kind = entity.kind === "role" ? "Role" : "User";
  const bounded = { "iam:permissionsboundary": entity.boundary?.arn ? [entity.boundary.arn] : null };
  // The new document may take the name, and so the place, of an inline one that denies.
  const inline = { ...entity, inline: [anything] };
  yield { step: `iam:Put${kind}Policy ${arn}`, by: hand.may(`iam:Put${kind}Policy`, arn, bounded), entity: inline };
  const attach = (policyArn: string) =>
    hand.may(`iam:Attach${kind}Policy`, arn, { ...bounded, "iam:policyarn": [policyArn] });
  const attached = { ...entity, attached: [...entity.attached, anything] };
  const byAdministrator = attach(administrator);
  yield { step: `iam:Attach${kind}Policy ${arn} ${administrator}`, by: byAdministrator, entity: attached };
  if (!byAdministrator) yield* ofOthersPolicies(world, entity, attach, `iam:Attach${kind}Policy`);
  for (const held of entity.attached) {
    const rewritten = { ...entity, attached: entity.attached.map((one) => (one === held ? anything : one)) };
    yield { ...rewrite(hand, world, held.arn), entity: rewritten };
  }
  for (const group of world.groups ?? []) {
    const member = entity.groups?.includes(group.arn);
    const joined = { ...entity, groups: [...(entity.groups ?? []), group.arn] };
    if (!member && kind === "User") {
      yield { step: `iam:AddUserToGroup ${group.arn}`, by: hand.may("iam:AddUserToGroup", group.arn), entity: joined };
    } else if (member) {
      for (const action of ["iam:PutGroupPolicy", "iam:AttachGroupPolicy"]) {
        yield { step: `${action} ${group.arn}`, by: hand.may(action, group.arn), entity: attached };
      }
    }
  }
}

/** All that may be attached at once: more policies never give less than fewer, but for what they deny. */
function* ofOthersPolicies(
  world: World,
  entity: Entity,
  attach: (policyArn: string) => Permission | undefined,
  action: string,
): Iterable<Change> {
  const more = (world.policies ?? []).filter(({ arn }) => !entity.attached.some((held) => held.arn === arn));
  const open = more.filter((policy) => !denies(policy) && attach(policy.arn));
  const [first] = open;
  const step = `${action} ${entity.arn} ${open.map(({ arn }) => arn).join(", ")}`;
  if (first) yield { step, by: attach(first.arn), entity: { ...entity, attached: [...entity.attached, ...open] } };
}

function* ofBoundary(hand: Hand, world: World, entity: Entity): Iterable<Change> {
  const kind = entity.kind === "role" ? "Role" : "User";
  const { boundary, ...free } = entity;
  const bounded = { "iam:permissionsboundary": boundary?.arn ? [boundary.arn] : null };
  const remove = `iam:Delete${kind}PermissionsBoundary`;
  yield { step: `${remove} ${entity.arn}`, by: hand.may(remove, entity.arn, bounded), entity: free };
  const put = `iam:Put${kind}PermissionsBoundary`;
  const wide = { "iam:permissionsboundary": [administrator] };
  yield { step: `${put} ${entity.arn} ${administrator}`, by: hand.may(put, entity.arn, wide), entity: free };
  yield { ...rewrite(hand, world, boundary?.arn), entity: free };
}

/** AWS's own policies nobody rewrites. */
function rewrite(hand: Hand, world: World, arn: string | undefined): Pick<Change, "step" | "by"> {
  if (!arn || arn.startsWith("arn:aws:iam::aws:")) return { step: "", by: undefined };
  const older = world.policies?.find((policy) => policy.arn === arn)?.olderVersions ?? 0;
  const made = hand.may("iam:CreatePolicyVersion", arn);
  if (made || older === 0) return { step: `iam:CreatePolicyVersion ${arn}`, by: made };
  const set = hand.may("iam:SetDefaultPolicyVersion", arn);
  // What an older version says is not known here.
  const by = set && { ...set, undecided: [...set.undecided, `what the older versions of ${arn} allow`] };
  return { step: `iam:SetDefaultPolicyVersion ${arn}`, by };
}

/** Takes away what denies. */
function* ofDenials(hand: Hand, entity: Entity): Iterable<Change> {
  const kind = entity.kind === "role" ? "Role" : "User";
  const bounded = { "iam:permissionsboundary": entity.boundary?.arn ? [entity.boundary.arn] : null };
  for (const held of [...entity.inline, ...entity.attached].filter(denies)) {
    const action = held.arn ? `iam:Detach${kind}Policy` : `iam:Delete${kind}Policy`;
    const context = held.arn ? { ...bounded, "iam:policyarn": [held.arn] } : bounded;
    const without = {
      ...entity,
      inline: entity.inline.filter((one) => one !== held),
      attached: entity.attached.filter((one) => one !== held),
    };
    yield {
      step: `${action} ${entity.arn} ${held.arn ?? ""}`.trimEnd(),
      by: hand.may(action, entity.arn, context),
      entity: without,
    };
  }
}

function denies({ document }: HeldPolicy): boolean {
  return document.statements.some(({ effect }) => effect === "Deny");
}
