/** Whether a member of a binding, or a principal of a deny rule, stands for whoever asks. */
import { all, some, type Tri, tri } from "../tri.ts";

/** An answer, and what it hangs on where there is none. */
export interface Match {
  matches: Tri;
  open: string[];
  /** Nothing that a question could tell would decide it here. @default false */
  notUnderstood?: boolean;
}

export interface Asking {
  /** `user:…`, `serviceAccount:…`, `principal://…`, or allUsers for whoever is not signed in. */
  principal: string;
  /** Of a token of a pool, by the name that the pool's mapping gives, such as attribute.repository. */
  attributes: Readonly<Record<string, string>>;
  /** Every group that the asker is in; undefined where nobody told. */
  groups?: readonly string[] | undefined;
}

/** Members by group, as far as they are told. */
export type Groups = Readonly<Record<string, readonly string[]>>;

const yes: Match = { matches: "yes", open: [] };
const no: Match = { matches: "no", open: [] };
const maybe = (what: string, notUnderstood = false): Match => ({ matches: "maybe", open: [what], notUnderstood });

/** @param owners whether the asker has a basic role on a project, for members such as projectOwner:acme */
export function memberMatches(
  member: string,
  asking: Asking,
  groups: Groups,
  owners: (role: string, project: string) => Match,
): Match {
  const { principal } = asking;
  if (member === "allUsers") return yes;
  if (member === "allAuthenticatedUsers") {
    // Not those who come by a token of another provider.
    return asMatch(/^(user|serviceAccount):/.test(principal) && !workloadOf(principal));
  }
  // Whoever is no more cannot ask.
  if (member.startsWith("deleted:")) return no;
  const [, basic = "", project = ""] = /^project(Owner|Editor|Viewer):(.+)$/.exec(member) ?? [];
  if (basic) return owners(`roles/${basic.toLowerCase()}`, project);
  if (member.startsWith("group:")) return inGroup(member, asking, groups, owners);
  if (member.startsWith("domain:"))
    return asMatch(domainOf(principal) === member.slice("domain:".length).toLowerCase());
  if (member.startsWith("principalSet:")) return inSet(member, asking);
  const [left, right] = [workloadOf(member), workloadOf(principal)];
  if (left || right) return asMatch(left !== undefined && left === right);
  if (/^(user|serviceAccount|principal):/.test(member)) return asMatch(folded(member) === folded(principal));
  return maybe(`whom member ${member} stands for`, true);
}

/** Deny rules have other names for the same. */
export function deniedMember(principal: string): string {
  if (principal === "principalSet://goog/public:all") return "allUsers";
  const [, subject] = /^principal:\/\/goog\/subject\/(.+)$/.exec(principal) ?? [];
  if (subject) return `user:${subject}`;
  const [, group] = /^principalSet:\/\/goog\/group\/(.+)$/.exec(principal) ?? [];
  if (group) return `group:${group}`;
  const [, account] =
    /^principal:\/\/iam\.googleapis\.com\/projects\/[^/]+\/serviceAccounts\/(.+)$/.exec(principal) ?? [];
  return account ? `serviceAccount:${account}` : principal;
}

function inGroup(
  group: string,
  asking: Asking,
  groups: Groups,
  owners: (role: string, project: string) => Match,
): Match {
  if (asking.principal === "allUsers") return no;
  if (asking.groups)
    return asMatch(asking.groups.some((one) => folded(`group:${one.replace(/^group:/, "")}`) === folded(group)));
  const members = groups[group];
  if (!members) return maybe(`whether ${asking.principal} is in ${group}, whose members are not told`, true);
  // A group within itself ends the search.
  const { [group]: _, ...others } = groups;
  return anyOf(members.map((member) => memberMatches(member, asking, { ...others, [group]: [] }, owners)));
}

/**
 * A pod of GKE by its service account, `<pool>/ns/<namespace>/sa/<name>`, in both of its names. The pool is named by its
 * project's id, so the project's number adds nothing.
 */
function workloadOf(principal: string): string | undefined {
  const [, pool, namespace, name] =
    /^serviceAccount:([^[]+\.svc\.id\.goog)\[([^/\]]+)\/([^/\]]+)\]$/.exec(principal) ?? [];
  if (pool) return `${pool}/ns/${namespace}/sa/${name}`;
  const [, of, subject] =
    /^principal:\/\/iam\.googleapis\.com\/projects\/[^/]+\/locations\/global\/workloadIdentityPools\/([^/]+\.svc\.id\.goog)\/subject\/(ns\/[^/]+\/sa\/[^/]+)$/.exec(
      principal,
    ) ?? [];
  return of ? `${of}/${subject}` : undefined;
}

const poolPattern = /^\w+:\/\/iam\.googleapis\.com\/(.*?\/workloadIdentityPools\/([^/]+))\/(.+)$/;

/** Identities of a pool: all, those of one namespace or cluster of GKE, or those with an attribute or a group. */
function inSet(set: string, { principal, attributes }: Asking): Match {
  const [, place, pool = "", rest = ""] = poolPattern.exec(set) ?? [];
  if (!place) return maybe(`whom ${set} stands for`, true);
  const workload = workloadOf(principal);
  const own = workload ? workload.split("/ns/")[0] : undefined;
  const [, foreign] = poolPattern.exec(principal) ?? [];
  if (own ? own !== pool : foreign !== place) return no;
  if (rest === "*") return yes;
  const [, namespace] = /^namespace\/([^/]+)$/.exec(rest) ?? [];
  if (namespace && workload) return asMatch(workload.split("/")[2] === namespace);
  const [, name = "", value] = /^(attribute\.[^/]+|group)\/(.+)$/.exec(rest) ?? [];
  if (value === undefined) return maybe(`whom ${set} stands for`, true);
  const told = attributes[name];
  return told === undefined ? maybe(`${name} of the token`) : asMatch(told === value);
}

function domainOf(principal: string): string | undefined {
  return /^user:[^@]+@(.+)$/.exec(principal)?.[1]?.toLowerCase();
}

/** E-mail addresses have no capitals of their own. */
function folded(member: string): string {
  return /^(user|serviceAccount|group):/.test(member)
    ? member.toLowerCase().replace(/^serviceaccount/, "serviceAccount")
    : member;
}

function asMatch(known: boolean): Match {
  return known ? yes : no;
}

export function anyOf(matches: readonly Match[]): Match {
  return joined(some(matches.map((match) => match.matches)), matches);
}

export function allOf(matches: readonly Match[]): Match {
  return joined(all(matches.map((match) => match.matches)), matches);
}

export function notOf(match: Match): Match {
  return { ...match, matches: match.matches === "maybe" ? "maybe" : tri(match.matches === "no") };
}

function joined(matches: Tri, of: readonly Match[]): Match {
  if (matches !== "maybe") return { matches, open: [] };
  const undecided = of.filter((one) => one.matches === "maybe");
  return {
    matches,
    open: [...new Set(undecided.flatMap(({ open }) => open))],
    notUnderstood: undecided.some(({ notUnderstood }) => notUnderstood),
  };
}
