/** What one rule of a role says: whether it allows a request, and whether it covers another rule. */
import { z } from "zod";
import { listOf } from "../input/parsed.ts";

const names = listOf(z.string());

export const policyRule = z.strictObject({
  verbs: names,
  apiGroups: names,
  resources: names,
  resourceNames: names,
  nonResourceURLs: names,
});

export type PolicyRule = z.infer<typeof policyRule>;

/** What the authorizer sees of a request. Empty text stands for what the request does not have. */
export interface Attributes {
  verb: string;
  apiGroup: string;
  resource: string;
  subresource: string;
  name: string;
  namespace: string;
  /** The path of a request that is about no resource. */
  nonResourceURL: string;
}

const holds = (list: readonly string[], wanted: string) => list.includes("*") || list.includes(wanted);

export function ruleAllows(rule: PolicyRule, asked: Attributes): boolean {
  if (!holds(rule.verbs, asked.verb)) return false;
  if (asked.nonResourceURL !== "") return rule.nonResourceURLs.some((url) => urlCovers(url, asked.nonResourceURL));
  return holds(rule.apiGroups, asked.apiGroup) && allowsResource(rule, asked) && allowsName(rule, asked.name);
}

function allowsResource({ resources }: PolicyRule, { resource, subresource }: Attributes): boolean {
  if (subresource === "") return holds(resources, resource);
  return holds(resources, `${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}

/** A request for all objects has no name, so a rule for named ones never allows it. */
function allowsName({ resourceNames }: PolicyRule, name: string): boolean {
  return resourceNames.length === 0 || resourceNames.includes(name);
}

/** Any number of stars at the end stands for any rest; elsewhere a star is a star. */
function urlCovers(owned: string, asked: string): boolean {
  return owned === asked || (owned.endsWith("*") && asked.startsWith(owned.replace(/\*+$/, "")));
}

/** One of each that matters: what a single rule either covers or does not. */
export function brokenDown(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  const none: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
  const named = resourceNames.length > 0 ? resourceNames.map((name) => [name]) : [[]];
  return [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          named.map((only) => ({
            ...none,
            verbs: [verb],
            apiGroups: [group],
            resources: [resource],
            resourceNames: only,
          })),
        ),
      ),
    ),
    ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ ...none, verbs: [verb], nonResourceURLs: [url] }))),
  ];
}

/** The API server's question before it lets somebody write a role. @param part broken down */
export function ruleCovers(owner: PolicyRule, part: PolicyRule): boolean {
  const all = (owned: readonly string[], asked: readonly string[]) =>
    owned.includes("*") || asked.every((one) => owned.includes(one));
  return (
    all(owner.verbs, part.verbs) &&
    all(owner.apiGroups, part.apiGroups) &&
    part.resources.every((resource) => coversResource(owner.resources, resource)) &&
    part.nonResourceURLs.every((url) => owner.nonResourceURLs.some((owned) => urlCovers(owned, url))) &&
    (owner.resourceNames.length === 0 ||
      (part.resourceNames.length > 0 && part.resourceNames.every((name) => owner.resourceNames.includes(name))))
  );
}

function coversResource(owned: readonly string[], resource: string): boolean {
  if (holds(owned, resource)) return true;
  const slash = resource.indexOf("/");
  return slash >= 0 && owned.includes(`*${resource.slice(slash)}`);
}

/** @returns the parts of the rules that no rule of the owner's covers, each with one verb, resource and name */
export function uncovered(rules: readonly PolicyRule[], owner: readonly PolicyRule[]): PolicyRule[] {
  return rules.flatMap(brokenDown).filter((part) => !owner.some((rule) => ruleCovers(rule, part)));
}
