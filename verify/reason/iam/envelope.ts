/**
 * Is everything that some policies allow within what others, the envelope, allow? Counts for the worst: a condition never
 * makes a grant smaller, unless the envelope asks for the same; a Deny of the policies counts only where it always holds,
 * one of the envelope's always, unless the policies deny the same themselves.
 */
import { z } from "zod";
import type { PolicyDocument, Statement } from "../iam-policy.ts";
import { wholeArn } from "./glob.ts";
import { type Class, classesOf, matchesCompiled, type Shape, Signs } from "./language.ts";
import type { Policies } from "./policy-file.ts";

export const envelopeAnswer = z.object({
  within: z.union([z.boolean(), z.literal("unknown")]).describe("unknown: too many patterns to look through"),
  witness: z
    .object({ action: z.string(), resource: z.string() })
    .optional()
    .describe("One request that the policies allow and the envelope does not"),
});

export type EnvelopeAnswer = z.infer<typeof envelopeAnswer>;

/** Compiled; matched against one text, or against one class of texts. */
interface Patterns {
  not: boolean;
  list: readonly string[];
}

interface Part {
  statement: Statement;
  /** The same for what always matches the same requests. */
  text: string;
  actions: Patterns;
  resources: Patterns;
}

interface Said {
  allows: readonly Part[];
  /** Each must allow too. */
  layers: readonly (readonly Part[])[];
  /** Of the policies what always denies, of the envelope what may. */
  denies: readonly Part[];
  /** Of the policies: what denies on a condition, or by a variable. */
  sometimes: readonly Part[];
}

type Holds = (compiled: string) => boolean;

export function withinEnvelope(policies: Policies, envelope: Policies): EnvelopeAnswer {
  const signs = new Signs();
  const inner = innerOf(policies, signs);
  const outer = outerOf(envelope, signs);
  const escapes = (inAction: Holds, inResource: Holds) =>
    inner.allows.some(
      (part) => isGranted(inner, part, inAction, inResource) && !isCovered(outer, inner, part, inAction, inResource),
    );
  const told = (action: string, resource: string): EnvelopeAnswer => ({
    within: false,
    witness: { action: signs.spell(action), resource: signs.spell(resource) },
  });

  for (const action of likelyActions(inner)) {
    const inAction: Holds = (pattern) => matchesCompiled(pattern, action.toLowerCase());
    for (const resource of likelyResources(inner, action)) {
      if (escapes(inAction, (pattern) => matchesCompiled(pattern, resource))) return told(action, resource);
    }
  }
  const parts = [inner, outer].flatMap(({ allows, layers, denies, sometimes }) =>
    [allows, ...layers, denies, sometimes].flat(),
  );
  const actions = indexed(
    parts.flatMap((part) => part.actions.list),
    actionShape,
  );
  const resources = indexed(
    parts.flatMap((part) => part.resources.list),
    anyText,
  );
  if (!actions || !resources) return { within: "unknown" };
  for (const action of actions.classes) {
    for (const resource of resources.classes) {
      if (escapes(actions.holds(action), resources.holds(resource))) return told(action.example, resource.example);
    }
  }
  return { within: true };
}

function indexed(patterns: readonly string[], shape: Shape) {
  const distinct = [...new Set(patterns)];
  const place = new Map(distinct.map((pattern, at) => [pattern, at]));
  const classes = classesOf(distinct, shape);
  const holds =
    (one: Class): Holds =>
    (pattern) =>
      one.in[place.get(pattern) ?? -1] ?? false;
  return classes && { classes, holds };
}

function innerOf({ identity, resource, boundary, session, scp }: Policies, signs: Signs): Said {
  const layers = [...boundary.map((one) => [one]), ...(session.length > 0 ? [session] : []), ...scp];
  const parts = (documents: readonly PolicyDocument[]) => partsOf(documents, signs, "sign", "sign");
  const own = parts([...identity, ...layers.flat()]);
  const everybodys = parts(resource).filter(({ statement }) => isForEverybody(statement));
  const denies = [...own, ...everybodys].filter(({ statement }) => statement.effect === "Deny");
  const { always = [], sometimes = [] } = Object.groupBy(denies, ({ statement, actions, resources }) =>
    Object.keys(statement.conditions).length === 0 && !hasVariable(actions, resources) ? "always" : "sometimes",
  );
  return {
    allows: allowing(parts([...identity, ...resource])),
    layers: layers.map((layer) => allowing(parts(layer))),
    denies: always,
    sometimes,
  };
}

function outerOf({ identity, resource, boundary, session, scp }: Policies, signs: Signs): Said {
  const layers = [...boundary.map((one) => [one]), ...(session.length > 0 ? [session] : []), ...scp];
  const allows = (documents: readonly PolicyDocument[]) => allowing(partsOf(documents, signs, "sign", "star"));
  return {
    allows: [...allows(identity), ...allows(resource).filter(({ statement }) => isForEverybody(statement))],
    layers: layers.map(allows),
    denies: partsOf([...identity, ...resource, ...layers.flat()], signs, "star", "sign").filter(
      ({ statement }) => statement.effect === "Deny",
    ),
    sometimes: [],
  };
}

/** @param named how variables of a list are read @param excepted how those of a Not… list are */
function partsOf(
  documents: readonly PolicyDocument[],
  signs: Signs,
  named: "sign" | "star",
  excepted: "sign" | "star",
): Part[] {
  return documents.flatMap(({ version, statements }) =>
    statements.map((statement) => {
      const { actions, notActions, resources, notResources } = statement;
      const variables = version !== "2008-10-17";
      const compiled = (list: readonly string[], not: boolean) => ({
        not,
        list: list.map((one) => signs.compile(one, variables ? (not ? excepted : named) : "text")),
      });
      return {
        statement,
        text: JSON.stringify([variables, { ...statement, sid: undefined }]),
        actions: notActions.length > 0 ? compiled(notActions, true) : compiled(actions, false),
        // A trust policy has no Resource, and speaks of its own role: any, here.
        resources:
          notResources.length > 0
            ? compiled(notResources.map(wholeArn), true)
            : compiled((resources.length > 0 ? resources : ["*"]).map(wholeArn), false),
      };
    }),
  );
}

const allowing = (parts: readonly Part[]) => parts.filter(({ statement }) => statement.effect === "Allow");

function isForEverybody({ principals }: Statement): boolean {
  return principals.some((name) => name === "*" || name === "AWS:*");
}

function hasVariable(...patterns: Patterns[]): boolean {
  return patterns.some(({ list }) => list.some((one) => /[\uE100-\uF8FE]/.test(one)));
}

function speaks({ actions, resources }: Part, inAction: Holds, inResource: Holds): boolean {
  return actions.list.some(inAction) !== actions.not && resources.list.some(inResource) !== resources.not;
}

function isGranted({ layers, denies }: Said, part: Part, inAction: Holds, inResource: Holds): boolean {
  const about = (one: Part) => speaks(one, inAction, inResource);
  return about(part) && layers.every((layer) => layer.some(about)) && !denies.some(about);
}

function isCovered(outer: Said, inner: Said, part: Part, inAction: Holds, inResource: Holds): boolean {
  const about = (one: Part) => speaks(one, inAction, inResource);
  const surely = (one: Part) =>
    one.text === part.text || (about(one) && isImplied(one.statement.conditions, part.statement.conditions));
  const isLimited = (layer: readonly Part[]) =>
    layer.some(surely) || inner.layers.some((mine) => mine.every(({ text }) => layer.some((one) => one.text === text)));
  // Whatever meets the envelope's Deny and one of the policies' own they do not grant.
  const isOwn = (deny: Part) =>
    inner.sometimes.some(
      (own) =>
        own.text === deny.text ||
        (about(own) &&
          !hasVariable(own.actions, own.resources) &&
          isImplied(own.statement.conditions, deny.statement.conditions)),
    );
  return (
    outer.allows.some(surely) &&
    outer.layers.every(isLimited) &&
    outer.denies.every((deny) => !about(deny) || isOwn(deny))
  );
}

/** Whatever meets the conditions of the grant meets those of the envelope: each is there too, and no wider. */
function isImplied(wanted: Statement["conditions"], given: Statement["conditions"]): boolean {
  return Object.entries(wanted).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => {
      const mine = given[operator]?.[key];
      if (!mine) return false;
      // More values let more through, but the more a negated operator names the fewer it lets through.
      const [few, many] = /Not/.test(operator) ? [values, mine] : [mine, values];
      return few.every((one) => many.includes(one));
    }),
  );
}

/** `service:name`, in the letters that AWS uses. */
const actionShape: Shape = {
  start: "nothing",
  next(state, char) {
    if (state === "nothing" || state === "service") {
      if (/[a-z0-9-]/.test(char)) return "service";
      return state === "service" && char === ":" ? "colon" : undefined;
    }
    return /[a-z0-9]/.test(char) ? "name" : undefined;
  },
  accepts: (state) => state === "name",
};

const anyText: Shape = { start: "", next: () => "some", accepts: (state) => state === "some" };

/** Actions that exist, so that a witness can be tried: those that a policy names come first. */
function likelyActions({ allows }: Said): string[] {
  const named = allows.flatMap(({ statement, actions }) => (actions.not ? [] : statement.actions));
  const whole = named.filter((name) => !/[*?]/.test(name)).map((name) => spellings.get(name) ?? name);
  return [...new Set([...whole, ...known])];
}

function likelyResources({ allows }: Said, action: string): string[] {
  const service = action.split(":")[0] ?? "";
  const named = allows.flatMap(({ resources }) => (resources.not ? [] : resources.list));
  const filled = named.map((pattern) => pattern.replaceAll("\uE000", "x").replaceAll("\uE001", "x"));
  return [...new Set([...filled.filter((text) => text.startsWith("arn:")), examples[service] ?? "", "*"])].filter(
    Boolean,
  );
}

const examples: Readonly<Record<string, string>> = {
  s3: "arn:aws:s3:::bucket/key",
  iam: "arn:aws:iam::111111111111:role/x",
  sts: "arn:aws:iam::111111111111:role/x",
  kms: "arn:aws:kms:us-east-1:111111111111:key/x",
  ec2: "arn:aws:ec2:us-east-1:111111111111:instance/x",
  secretsmanager: "arn:aws:secretsmanager:us-east-1:111111111111:secret:x",
  logs: "arn:aws:logs:us-east-1:111111111111:log-group:x",
  ecr: "arn:aws:ecr:us-east-1:111111111111:repository/x",
  eks: "arn:aws:eks:us-east-1:111111111111:cluster/x",
  lambda: "arn:aws:lambda:us-east-1:111111111111:function:x",
  dynamodb: "arn:aws:dynamodb:us-east-1:111111111111:table/x",
  sqs: "arn:aws:sqs:us-east-1:111111111111:x",
  sns: "arn:aws:sns:us-east-1:111111111111:x",
};

const known = (
  "s3:GetObject s3:PutObject s3:DeleteObject s3:ListBucket s3:GetObjectVersion s3:PutBucketPolicy s3:DeleteBucket " +
  "s3:ListAllMyBuckets iam:PassRole iam:CreateRole iam:PutRolePolicy iam:AttachRolePolicy iam:CreateAccessKey iam:GetRole " +
  "sts:AssumeRole kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:CreateGrant kms:PutKeyPolicy ec2:RunInstances " +
  "ec2:DescribeInstances secretsmanager:GetSecretValue secretsmanager:PutSecretValue logs:GetLogEvents logs:PutLogEvents " +
  "ecr:BatchGetImage ecr:PutImage eks:DescribeCluster eks:CreateAccessEntry lambda:InvokeFunction lambda:CreateFunction " +
  "dynamodb:GetItem dynamodb:PutItem sqs:SendMessage sqs:ReceiveMessage sns:Publish organizations:LeaveOrganization"
).split(" ");

const spellings = new Map(known.map((action) => [action.toLowerCase(), action]));
