/** Published escalations (Rhino Security Labs' list and its successors), each with the least that it needs. */
import { type PolicyDocument, parsePolicy } from "../../iam-policy.ts";
import type { Entity, World } from "../world.ts";

export const account = "222222222222";
export const arn = (name: string) => `arn:aws:iam::${account}:${name}`;
export const policy = (...Statement: object[]): PolicyDocument => parsePolicy(JSON.stringify({ Statement }));
export const allow = (Action: string | string[], Resource: string | string[] = "*", Condition?: object) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition ? { Condition } : {}),
});
const trustService = (Service: string) => policy({ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" });

export const secret = `arn:aws:secretsmanager:us-east-2:${account}:secret:s`;
export const goal = { action: "secretsmanager:GetSecretValue", resource: secret };
export const boundary = { arn: arn("policy/boundary"), document: policy(allow("ec2:Describe*")) };

export const me = (statements: object[], more: Partial<Entity> = {}): Entity => ({
  arn: arn("role/me"),
  kind: "role",
  inline: [{ document: policy(...statements) }],
  attached: [],
  ...more,
});
/** May read the secret; who takes it differs. */
export const admin = (trust?: PolicyDocument, more: Partial<Entity> = {}): Entity => ({
  arn: arn("role/admin"),
  kind: "role",
  trust,
  inline: [{ document: policy(allow("secretsmanager:*")) }],
  attached: [],
  ...more,
});
const user: Entity = { arn: arn("user/admin"), kind: "user", inline: [{ document: policy(allow("*")) }], attached: [] };

export const cluster = `arn:aws:eks:us-east-2:${account}:cluster/main`;
export const provider = arn("oidc-provider/oidc.test");
const pods = policy({
  Effect: "Allow",
  Principal: { Federated: provider },
  Action: "sts:AssumeRoleWithWebIdentity",
  Condition: {
    StringEquals: { "oidc.test:sub": ["system:serviceaccount:union:executor"], "oidc.test:aud": "sts.amazonaws.com" },
  },
});
export const clusters = [{ arn: cluster, providerArn: provider }];

export const world = (self: Entity, more: Partial<World> = {}, others: Entity[] = []): World => ({
  account,
  entities: [self, ...others],
  ...more,
});
export interface Case {
  name: string;
  world: World;
  witness: RegExp;
}

export const cases: Case[] = [
  { name: "directly", world: world(me([allow("secretsmanager:Get*")])), witness: /GetSecretValue/ },
  {
    name: "by its own inline policy",
    world: world(me([allow("iam:PutRolePolicy")])),
    witness: /iam:PutRolePolicy .*role\/me/,
  },
  {
    name: "by attaching AdministratorAccess",
    world: world(me([allow("iam:AttachRolePolicy")])),
    witness: /AdministratorAccess/,
  },
  {
    name: "by attaching another policy of the account",
    world: world(me([allow("iam:AttachRolePolicy", "*", { ArnLike: { "iam:PolicyARN": arn("policy/*") } })]), {
      policies: [{ arn: arn("policy/wide"), document: policy(allow("secretsmanager:*")) }],
    }),
    witness: /AttachRolePolicy .*policy\/wide/,
  },
  {
    name: "by a new version of its own policy",
    world: world(
      me([], {
        attached: [{ arn: arn("policy/mine"), document: policy(allow("iam:CreatePolicyVersion", arn("policy/mine"))) }],
      }),
    ),
    witness: /iam:CreatePolicyVersion/,
  },
  {
    name: "by assuming a role",
    world: world(me([allow("sts:AssumeRole")]), {}, [
      admin(policy({ Effect: "Allow", Principal: { AWS: arn("root") }, Action: "sts:AssumeRole" })),
    ]),
    witness: /sts:AssumeRole/,
  },
  {
    name: "by a chain of two roles",
    world: world(me([]), {}, [
      admin(policy({ Effect: "Allow", Principal: { AWS: arn("role/between") }, Action: "sts:AssumeRole" })),
      {
        arn: arn("role/between"),
        kind: "role",
        trust: policy({ Effect: "Allow", Principal: { AWS: arn("role/me") }, Action: "sts:AssumeRole" }),
        inline: [],
        attached: [],
      },
    ]),
    witness: /role\/between → .*role\/admin/,
  },
  {
    name: "by rewriting a trust policy",
    world: world(me([allow("iam:UpdateAssumeRolePolicy", arn("role/admin"))]), {}, [
      admin(trustService("ec2.amazonaws.com")),
    ]),
    witness: /UpdateAssumeRolePolicy/,
  },
  {
    name: "by an access key of a user",
    world: world(me([allow("iam:CreateAccessKey")]), {}, [user]),
    witness: /CreateAccessKey/,
  },
  {
    name: "by a login of a user",
    world: world(me([allow("iam:UpdateLoginProfile")]), {}, [user]),
    witness: /UpdateLoginProfile/,
  },
  {
    name: "by a role of its own",
    world: world(me([allow(["iam:CreateRole", "iam:PutRolePolicy"])])),
    witness: /iam:CreateRole/,
  },
  {
    name: "by a role of its own in a corner that the policy leaves",
    world: world(me([allow(["iam:CreateRole", "iam:AttachRolePolicy"], arn("role/team-*"))])),
    witness: /CreateRole .*team-x/,
  },
  ...(
    [
      ["lambda.amazonaws.com", ["lambda:CreateFunction", "lambda:InvokeFunction"]],
      ["ec2.amazonaws.com", ["ec2:RunInstances"]],
      ["ecs-tasks.amazonaws.com", ["ecs:RegisterTaskDefinition", "ecs:RunTask"]],
      ["cloudformation.amazonaws.com", ["cloudformation:CreateStack"]],
      ["glue.amazonaws.com", ["glue:CreateDevEndpoint"]],
      ["codebuild.amazonaws.com", ["codebuild:CreateProject", "codebuild:StartBuild"]],
      ["sagemaker.amazonaws.com", ["sagemaker:CreateTrainingJob"]],
      ["datapipeline.amazonaws.com", ["datapipeline:*"]],
      ["states.amazonaws.com", ["states:*"]],
    ] as const
  ).map(
    ([service, actions]): Case => ({
      name: `by handing a role to ${service}`,
      world: world(
        me([allow([...actions]), allow("iam:PassRole", "*", { StringEquals: { "iam:PassedToService": service } })]),
        {},
        [admin(trustService(service))],
      ),
      witness: /iam:PassRole .*role\/admin/,
    }),
  ),
  {
    name: "through an instance that runs with a role",
    world: world(
      me([allow("ssm:StartSession")]),
      {
        compute: [
          { arn: `arn:aws:ec2:us-east-2:${account}:instance/i-1`, kind: "instance", roleArn: arn("role/admin") },
        ],
      },
      [admin()],
    ),
    witness: /ssm:StartSession/,
  },
  {
    name: "through a function that runs with a role",
    world: world(
      me([allow("lambda:UpdateFunctionCode")]),
      {
        compute: [
          { arn: `arn:aws:lambda:us-east-2:${account}:function:f`, kind: "function", roleArn: arn("role/admin") },
        ],
      },
      [admin()],
    ),
    witness: /UpdateFunctionCode/,
  },
  {
    name: "by removing its boundary",
    world: world(
      me([allow("secretsmanager:*"), allow("iam:DeleteRolePermissionsBoundary")], {
        boundary: { ...boundary, document: policy(allow("iam:*")) },
      }),
    ),
    witness: /DeleteRolePermissionsBoundary/,
  },
  {
    name: "by rewriting its boundary",
    world: world(
      me([allow("secretsmanager:*"), allow("iam:CreatePolicyVersion")], {
        boundary: { ...boundary, document: policy(allow("iam:*")) },
      }),
    ),
    witness: /CreatePolicyVersion .*boundary/,
  },
  {
    name: "past a denial that it may delete",
    world: world(
      me([{ Effect: "Deny", Action: "secretsmanager:*", Resource: "*" }], {
        attached: [{ arn: arn("policy/mine"), document: policy(allow(["secretsmanager:*", "iam:DeleteRolePolicy"])) }],
      }),
    ),
    witness: /DeleteRolePolicy/,
  },
  {
    name: "by an access entry of its own, then a pod",
    world: world(me([allow(["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"])]), { clusters }, [admin(pods)]),
    witness: /own access entry .*then a pod/,
  },
  {
    name: "by an access entry that is there, then a pod",
    world: world(
      me([]),
      { clusters, accessEntries: [{ clusterArn: cluster, principalArn: arn("role/me"), power: "cluster-admin" }] },
      [admin(pods)],
    ),
    witness: /access entry \(cluster-admin\).*pod/,
  },
  {
    name: "by a node of its own, then the pods that are placed on it",
    world: world(
      me([allow(["ec2:RunInstances", "iam:PassRole"])]),
      { clusters, accessEntries: [{ clusterArn: cluster, principalArn: arn("role/node"), power: "node" }] },
      [
        admin(pods),
        { arn: arn("role/node"), kind: "role", trust: trustService("ec2.amazonaws.com"), inline: [], attached: [] },
      ],
    ),
    witness: /PassRole .*role\/node.* → .*access entry \(node\)/,
  },
  {
    name: "by opening the store",
    world: world(me([allow("secretsmanager:PutResourcePolicy")])),
    witness: /PutResourcePolicy/,
  },
];
