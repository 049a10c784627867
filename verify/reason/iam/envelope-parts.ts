/** Statements of policies and of an envelope, as their comparison reads them. */
import type { PolicyDocument, Statement } from "../iam-policy.ts";
import { namesIn } from "./envelope-callers.ts";
import { variablesOf, wholeArn } from "./glob.ts";
import type { Signs } from "./language.ts";
import type { Policies } from "./policy-file.ts";

/** Compiled; matched against one text, or against one class of texts. */
export interface Patterns {
  not: boolean;
  list: readonly string[];
}

export interface Part {
  statement: Statement;
  /** Whether the policy's version knows variables. */
  variables: boolean;
  /** The same for what always matches the same requests. */
  text: string;
  /** Keys of the variables in its resources. */
  keys: readonly string[];
  actions: Patterns;
  resources: Patterns;
}

export interface Said {
  allows: readonly Part[];
  /** Boundary and session: each must allow too. */
  limits: readonly (readonly Part[])[];
  /** Of the organisation, likewise. */
  ceilings: readonly (readonly Part[])[];
  /** Whom policies of the resource name. */
  names: readonly string[];
  /** Of the policies what always denies, of the envelope what may. */
  denies: readonly Part[];
  /** Of the policies: what denies on a condition, or by a variable. */
  sometimes: readonly Part[];
}

export type Holds = (compiled: string) => boolean;

export const layersOf = ({ limits, ceilings }: Said) => [...limits, ...ceilings].flat();

/** @param named how variables are read where something is allowed */
export function innerOf(
  { identity, resource, boundary, session, scp }: Policies,
  signs: Signs,
  named: "sign" | "star",
): Said {
  const limits = [...boundary.map((one) => [one]), ...(session.length > 0 ? [session] : [])];
  const parts = (documents: readonly PolicyDocument[]) => partsOf(documents, signs, "sign", "sign");
  const widely = (documents: readonly PolicyDocument[]) => allowing(partsOf(documents, signs, named, "sign"));
  const own = parts([...identity, ...limits.flat(), ...scp.flat()]);
  const denies = [...own, ...parts(resource)].filter(({ statement }) => statement.effect === "Deny");
  const always = denies.flatMap(whatAlwaysDenies);
  const sometimes = denies.filter((deny) => !always.includes(deny));
  return {
    allows: widely([...identity, ...resource]),
    limits: limits.map(widely),
    ceilings: scp.map(widely),
    names: namesIn(resource),
    denies: always,
    sometimes,
  };
}

export function outerOf({ identity, resource, boundary, session, scp }: Policies, signs: Signs): Said {
  const limits = [...boundary.map((one) => [one]), ...(session.length > 0 ? [session] : [])];
  const allows = (documents: readonly PolicyDocument[]) => allowing(partsOf(documents, signs, "sign", "star"));
  return {
    allows: allows([...identity, ...resource]),
    limits: limits.map(allows),
    ceilings: scp.map(allows),
    names: namesIn(resource),
    denies: partsOf([...identity, ...resource, ...limits.flat(), ...scp.flat()], signs, "star", "sign").filter(
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
        variables,
        keys: variables ? [...resources, ...notResources].flatMap(variablesOf) : [],
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

/** Without conditions, and of its resources those without variables. */
function whatAlwaysDenies(part: Part): Part[] {
  const { statement, actions, resources } = part;
  if (Object.keys(statement.conditions).length > 0) return [];
  if (!hasVariable(actions, resources)) return [part];
  const list = resources.list.filter((one) => !hasVariable({ not: false, list: [one] }));
  return resources.not || list.length === 0 ? [] : [{ ...part, resources: { not: false, list } }];
}

const allowing = (parts: readonly Part[]) => parts.filter(({ statement }) => statement.effect === "Allow");

export function hasVariable(...patterns: Patterns[]): boolean {
  return patterns.some(({ list }) => list.some((one) => /[\uE100-\uF8FE]/.test(one)));
}

/** Whether a statement is about a class of requests. */
export function speaks({ actions, resources }: Part, inAction: Holds, inResource: Holds): boolean {
  return actions.list.some(inAction) !== actions.not && resources.list.some(inResource) !== resources.not;
}
