/** The good plane, grown: what the largest customer's looks like to the checks. Every check still passes on it. */
import type { Facts, IamRole } from "../facts.ts";
import { policyFrom } from "../reason/iam-policy.ts";
import type { Target } from "../target.ts";
import { roleArn } from "./good-cluster.ts";
import { answersTo, goodFacts, goodTarget } from "./good-plane.ts";

export interface Size {
  /** Project namespaces. */
  namespaces: number;
  /** Of the whole cluster, as those below. */
  pods: number;
  networkPolicies: number;
  roles: number;
  /** Of the account. */
  iamRoles: number;
}

const project = "demo";
const domain = "development";
const home = `${project}-${domain}`;

/** Project `demo` has the good plane's own objects; every further one has copies. */
export function largeTarget({ namespaces }: Size): Target {
  return { ...goodTarget, projects: names(namespaces).map((name) => ({ project: name, domain })) };
}

export function largeFacts(size: Size): Facts {
  const target = largeTarget(size);
  const { iam, principals } = goodFacts(target);
  const facts: Facts = { ...goodFacts(), iam, principals };
  const projects = names(size.namespaces);
  const grown: Facts = {
    ...facts,
    namespaces: facts.namespaces.flatMap((object) =>
      object.metadata?.name === home ? projects.map((name) => movedTo(name, object)) : [object],
    ),
    pods: inEach(facts.pods, projects),
    serviceAccounts: inEach(facts.serviceAccounts, projects),
    roles: inEach(facts.roles, projects),
    roleBindings: inEach(facts.roleBindings, projects),
    networkPolicies: inEach(facts.networkPolicies, projects),
    resourceQuotas: inEach(facts.resourceQuotas, projects),
    limitRanges: inEach(facts.limitRanges, projects),
    probedAdmission: projects.flatMap((name) => facts.probedAdmission.map((one) => movedTo(name, one))),
  };
  fill(grown.pods, projects, size.pods);
  fill(grown.networkPolicies, projects, size.networkPolicies, (at) => ({
    spec: {
      podSelector: { matchLabels: { app: `app-${at}` } },
      policyTypes: ["Ingress"],
      ingress: [{ _from: [{ podSelector: { matchLabels: { app: `app-${at + 1}` } } }], ports: [{ port: 8000 + at }] }],
    },
  }));
  fill(grown.roles, projects, size.roles, (at) => ({
    rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [`settings-${at}`], verbs: ["get"] }],
  }));
  addIamRoles(grown, size.iamRoles);
  grown.accessReviews = answersTo(target, grown);
  return grown;
}

function names(count: number): string[] {
  return [project, ...Array.from({ length: count - 1 }, (_, at) => `p${at + 1}`)];
}

/** Names and labels of the project's namespace stand in many places of an object; its text has them all. */
function movedTo<T>(name: string, object: T): T {
  const text = JSON.stringify(object)
    .replaceAll(`"${home}"`, `"${name}-${domain}"`)
    .replaceAll(`"${project}"`, `"${name}"`);
  return JSON.parse(text) as T;
}

interface Namespaced {
  metadata?: { namespace?: string; name?: string; labels?: Record<string, string> };
}

function inEach<T extends Namespaced>(objects: readonly T[], projects: readonly string[]): T[] {
  return objects.flatMap((object) =>
    object.metadata?.namespace === home ? projects.map((name) => movedTo(name, object)) : [object],
  );
}

/** Copies of the first object of each namespace, under other names, until there are so many in all. */
function fill<T extends Namespaced>(
  objects: T[],
  projects: readonly string[],
  count: number,
  change: (at: number) => Partial<T> = () => ({}),
): void {
  const first = new Map(objects.map((object) => [object.metadata?.namespace, object]));
  for (let at = 0; objects.length < count; at++) {
    const model = first.get(`${projects[at % projects.length]}-${domain}`);
    if (!model) throw new Error("a project's namespace has none to copy");
    const round = Math.floor(at / projects.length);
    const { name, labels } = model.metadata ?? {};
    const metadata = { ...model.metadata, name: `${name}-${round}`, labels: { ...labels, app: `app-${round}` } };
    objects.push({ ...structuredClone(model), ...change(round), metadata });
  }
}

/** Of the customer's own programs: each may read a bucket that is not the platform's, and be taken by a machine of it. */
function addIamRoles(facts: Facts, count: number): void {
  const roles = Array.from({ length: count - facts.principals.entities.length }, (_, at): IamRole => {
    const name = `program-${at}`;
    return {
      name,
      arn: roleArn(name),
      trust: ofMachines,
      inline: [{ name: "own", document: readsBucket(name) }],
      attached: [],
    };
  });
  facts.iam.roles.push(...roles);
  const entities = roles.map(({ arn, trust, inline }) => ({ kind: "role" as const, arn, trust, inline, attached: [] }));
  facts.principals = { ...facts.principals, entities: [...facts.principals.entities, ...entities] };
}

const ofMachines = policyFrom({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

const readsBucket = (bucket: string) =>
  policyFrom({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: ["s3:GetObject"], Resource: [`arn:aws:s3:::${bucket}/*`] },
      { Effect: "Allow", Action: ["s3:ListBucket"], Resource: [`arn:aws:s3:::${bucket}`] },
    ],
  });
