/** Ways to get hold of one more principal. Each is a published escalation; the search tries all of them. */
import { type Caller, evaluate } from "./evaluate.ts";
import type { Context } from "./glob.ts";
import { fillIn, type Hand, type Held, type Permission } from "./held.ts";
import { type Entity, everything, type HeldPolicy, type World } from "./world.ts";

/** What a rule finds: whom, and how. */
export interface Taken {
  entity: Entity;
  by: readonly Permission[];
  step: string;
}

export type Rule = (hand: Hand, world: World) => Iterable<Taken>;

/** Runs the attacker's code with a role: what must be allowed beside handing the role on. */
export const runners: readonly { passedTo: string; trusted?: string; needs: readonly string[] }[] = [
  { passedTo: "lambda.amazonaws.com", needs: ["lambda:CreateFunction", "lambda:InvokeFunction"] },
  { passedTo: "lambda.amazonaws.com", needs: ["lambda:CreateFunction", "lambda:AddPermission"] },
  { passedTo: "lambda.amazonaws.com", needs: ["lambda:CreateFunction", "lambda:CreateEventSourceMapping"] },
  { passedTo: "ec2.amazonaws.com", needs: ["ec2:RunInstances"] },
  { passedTo: "ec2.amazonaws.com", needs: ["ec2:RequestSpotInstances"] },
  { passedTo: "ec2.amazonaws.com", needs: ["ec2:AssociateIamInstanceProfile", "ssm:SendCommand"] },
  { passedTo: "ec2.amazonaws.com", needs: ["ec2:AssociateIamInstanceProfile", "ssm:StartSession"] },
  {
    passedTo: "ec2.amazonaws.com",
    needs: ["autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"],
  },
  { passedTo: "ec2.amazonaws.com", needs: ["ec2:CreateLaunchTemplate", "autoscaling:CreateAutoScalingGroup"] },
  {
    passedTo: "eks.amazonaws.com",
    trusted: "ec2.amazonaws.com",
    needs: ["ec2:CreateLaunchTemplate", "eks:CreateNodegroup"],
  },
  {
    passedTo: "eks.amazonaws.com",
    trusted: "ec2.amazonaws.com",
    needs: ["ec2:CreateLaunchTemplateVersion", "eks:CreateNodegroup"],
  },
  { passedTo: "eks.amazonaws.com", trusted: "ec2.amazonaws.com", needs: ["ec2:ImportKeyPair", "eks:CreateNodegroup"] },
  { passedTo: "ecs-tasks.amazonaws.com", needs: ["ecs:RegisterTaskDefinition", "ecs:RunTask"] },
  { passedTo: "ecs-tasks.amazonaws.com", needs: ["ecs:RegisterTaskDefinition", "ecs:CreateService"] },
  { passedTo: "cloudformation.amazonaws.com", needs: ["cloudformation:CreateStack"] },
  { passedTo: "glue.amazonaws.com", needs: ["glue:CreateDevEndpoint"] },
  { passedTo: "glue.amazonaws.com", needs: ["glue:CreateJob", "glue:StartJobRun"] },
  { passedTo: "codebuild.amazonaws.com", needs: ["codebuild:CreateProject", "codebuild:StartBuild"] },
  {
    passedTo: "sagemaker.amazonaws.com",
    needs: ["sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"],
  },
  { passedTo: "sagemaker.amazonaws.com", needs: ["sagemaker:CreateTrainingJob"] },
  {
    passedTo: "datapipeline.amazonaws.com",
    needs: ["datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"],
  },
  { passedTo: "states.amazonaws.com", needs: ["states:CreateStateMachine", "states:StartExecution"] },
  { passedTo: "ssm.amazonaws.com", needs: ["ssm:StartAutomationExecution"] },
  { passedTo: "tasks.apprunner.amazonaws.com", needs: ["apprunner:CreateService"] },
];

/** Puts the attacker's code into what already runs with a role. */
const intrusions = {
  instance: [
    "ssm:SendCommand",
    "ssm:StartSession",
    "ec2-instance-connect:SendSSHPublicKey",
    "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
    "ec2:ModifyInstanceAttribute",
    "ec2:CreateReplaceRootVolumeTask",
  ],
  function: ["lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"],
} as const;

const roles = ({ entities }: World) => entities.filter(({ kind }) => kind === "role");
const users = ({ entities }: World) => entities.filter(({ kind }) => kind === "user");
export const assume: Rule = function* (hand, world) {
  for (const entity of roles(world)) {
    const by = hand.may("sts:AssumeRole", entity.arn);
    if (by) yield { entity, by: [by], step: `sts:AssumeRole ${entity.arn}` };
  }
};

export const rewriteTrust: Rule = function* (hand, world) {
  for (const entity of roles(world)) {
    const by = hand.may("iam:UpdateAssumeRolePolicy", entity.arn);
    if (by) yield { entity, by: [by], step: `iam:UpdateAssumeRolePolicy ${entity.arn}, then sts:AssumeRole` };
  }
};

export const makeCredentials: Rule = function* (hand, world) {
  for (const entity of users(world)) {
    for (const action of ["iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"]) {
      const by = hand.may(action, entity.arn);
      if (by) yield { entity, by: [by], step: `${action} ${entity.arn}` };
    }
  }
};

/** A role of the attacker's own, with everything that the boundary it must have leaves. */
export const createRole: Rule = function* (hand, world) {
  for (const boundary of boundaries(world)) {
    const context = { "iam:permissionsboundary": boundary?.arn ? [boundary.arn] : null };
    const made = hand.maySomewhere("iam:CreateRole", context);
    if (!made) continue;
    const filled =
      hand.may("iam:PutRolePolicy", made.resource, context) ??
      hand.may("iam:AttachRolePolicy", made.resource, { ...context, "iam:policyarn": [administrator] });
    if (!filled) continue;
    const entity: Entity = {
      arn: made.resource,
      kind: "role",
      inline: [{ document: everything }],
      attached: [],
      boundary,
    };
    const under = boundary ? ` under ${boundary.arn}` : "";
    yield {
      entity,
      by: [made, filled],
      step: `iam:CreateRole ${made.resource}${under}, with a policy of its own`,
    };
  }
};

export const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";

function boundaries(world: World): (HeldPolicy | undefined)[] {
  const known = new Map<string, HeldPolicy>();
  for (const { boundary } of world.entities) if (boundary?.arn) known.set(boundary.arn, boundary);
  for (const policy of world.policies ?? []) known.set(policy.arn, policy);
  return [undefined, ...known.values()];
}

export const passRole: Rule = function* (hand, world) {
  const services = [...new Set(runners.map(({ passedTo, trusted = passedTo }) => trusted))];
  for (const entity of roles(world)) {
    const open = new Set(services.filter((arn) => lets(entity, { arn, kind: "service" }, world)));
    for (const { passedTo, trusted = passedTo, needs } of runners) {
      if (!open.has(trusted)) continue;
      const passed = hand.may("iam:PassRole", entity.arn, { "iam:passedtoservice": [passedTo] });
      if (!passed) continue;
      const others = needs.map((need) => hand.maySomewhere(need));
      if (!others.every((other) => other !== undefined)) continue;
      yield { entity, by: [passed, ...others], step: `iam:PassRole ${entity.arn} to ${passedTo}, ${needs.join(", ")}` };
    }
  }
};

export const intrude: Rule = function* (hand, world) {
  for (const { arn, kind, roleArn } of world.compute ?? []) {
    const entity = world.entities.find((one) => one.arn === roleArn);
    for (const action of entity ? intrusions[kind] : []) {
      const by = hand.may(action, arn);
      if (entity && by) yield { entity, by: [by], step: `${action} ${arn}, which runs as ${roleArn}` };
    }
  }
};

/** Whoever commands a cluster's pods holds every role that its pods may take. */
export const throughCluster: Rule = function* (hand, world) {
  for (const { arn, providerArn } of world.clusters ?? []) {
    const way = commandOf(hand, world, arn);
    if (!way) continue;
    for (const entity of roles(world).filter((role) => lets(role, { arn: providerArn, kind: "federated" }, world))) {
      yield { entity, by: way.by, step: `${way.step}, then a pod with the service account of ${entity.arn}` };
    }
  }
};

function commandOf(hand: Hand, world: World, clusterArn: string): Pick<Taken, "by" | "step"> | undefined {
  const entries = (world.accessEntries ?? []).filter((entry) => entry.clusterArn === clusterArn);
  for (const { principalArn, power } of entries) {
    const by = power === "none" ? undefined : holderOf(hand, principalArn);
    if (by)
      return { by: [{ by, resource: clusterArn, undecided: [] }], step: `access entry (${power}) of ${clusterArn}` };
  }
  // An entry of its own may name the Kubernetes group of whoever is bound to more; a policy needs an entry that is there.
  const entry = `${clusterArn.replace(":cluster/", ":access-entry/")}/x`;
  const own = entries.some(({ principalArn }) => holderOf(hand, principalArn));
  const by =
    hand.may("eks:CreateAccessEntry", clusterArn) ??
    (own ? (hand.may("eks:UpdateAccessEntry", entry) ?? hand.may("eks:AssociateAccessPolicy", entry)) : undefined);
  return by && { by: [by], step: `own access entry of ${clusterArn}` };
}

function holderOf(hand: Hand, arn: string): Held | undefined {
  return [...hand.held.values()].find(({ entity }) => entity.arn === arn);
}

/** Whether the role's trust lets it in, for some request that its own conditions describe: a pod's name is chosen. */
function lets({ arn, trust }: Entity, caller: Caller, { account }: World): boolean {
  if (!trust) return false;
  const action = caller.kind === "federated" ? "sts:AssumeRoleWithWebIdentity" : "sts:AssumeRole";
  return trust.statements.some(({ conditions }) => {
    const described = Object.values(conditions).flatMap((keys) =>
      Object.entries(keys).map(([key, values]) => [key, values.slice(0, 1).map(fillIn)] as const),
    );
    const context: Context = { "aws:sourceaccount": [account], ...Object.fromEntries(described) };
    return (
      evaluate({ caller, action, resource: arn, context }, { identity: [], resource: trust }).decision !== "denied"
    );
  });
}

export const takeOvers: readonly Rule[] = [
  assume,
  rewriteTrust,
  makeCredentials,
  createRole,
  passRole,
  intrude,
  throughCluster,
];
