/**
 * One request decided as AWS documents it ("How AWS enforcement code logic evaluates requests"): an explicit deny
 * anywhere wins; within one account the caller's own policies and the resource's policy add up; a boundary and the
 * organisation's ceilings limit; between accounts both sides must allow.
 */
import type { PolicyDocument, Statement } from "../iam-policy.ts";
import { all, not, some, type Tri } from "../tri.ts";
import { type Asked, nothingSaid, type Said, whatIsSaid } from "./statement.ts";

export interface Caller {
  /** ARN of the role or user, name of the service, or ARN of the identity provider; `*` of whoever is not signed in. */
  arn: string;
  /** `root`: the account's own user, whom its policies do not hold. */
  kind: "role" | "user" | "root" | "service" | "federated" | "anonymous";
  /** Of a role: what it is called once taken, `arn:aws:sts::…:assumed-role/…`. */
  sessionArn?: string;
  /** The role is known by its session only, which does not tell the path before its name. @default false */
  pathUnknown?: boolean;
  /** By GetFederationToken: nobody is told by whom, and without a session policy it has only what its session is given. */
  federatedUser?: boolean;
}

export interface PolicySet {
  /** The caller's own, inline and attached, groups' too. */
  identity: readonly PolicyDocument[];
  /** Several: each must allow. */
  boundary?: PolicyDocument | readonly PolicyDocument[];
  /** Given with the session: a ceiling of the role's, which what is granted to the session by name passes. */
  session?: readonly PolicyDocument[];
  /** Of the organisation: each of the lists must allow. Only users and roles are held by them. */
  ceilings?: readonly (readonly PolicyDocument[])[];
  /** The resource's own policy; of a role its trust policy. */
  resource?: PolicyDocument | readonly PolicyDocument[];
}

export interface Request extends Asked {
  caller: Caller;
  /** Account that owns the resource. @default the ARN's, else the caller's */
  resourceAccount?: string;
}

/** Of each side by its name: what it says, and whether it must allow. */
export interface Side {
  name: string;
  said: Said;
}

export interface Verdict {
  decision: "allowed" | "denied" | "undecided";
  /** A Deny matched; else a denial is only the lack of an Allow. */
  explicit: boolean;
  /** Conditions and variables that the answer hangs on. */
  undecided: string[];
  /** Those among them that no value of the request would decide. */
  notUnderstood: string[];
  /** What each side said, for whoever asks why. */
  sides: readonly Side[];
}

export function evaluate(request: Request, policies: PolicySet): Verdict {
  const { caller } = request;
  const owns = isEntityKind(caller);
  const holds = owns || caller.kind === "root";
  // AWS's own roles for its services are beyond the organisation's reach.
  const bound = holds && !caller.arn.includes(":role/aws-service-role/");
  const identity = owns ? whatIsSaid(policies.identity, request) : nothingSaid;
  const boundaries = (owns ? boundariesOf(policies) : []).map((document) => whatIsSaid([document], request));
  const given = policies.session ?? (caller.federatedUser ? [] : undefined);
  const session = holds && given ? whatIsSaid(given, request) : undefined;
  const ceilings = (bound ? (policies.ceilings ?? []) : []).map((documents) => whatIsSaid(documents, request));
  const resource = ofResource(request, policies);

  const sides: Side[] = [
    ...(owns ? [{ name: "identity", said: identity }] : []),
    ...boundaries.map((said) => ({ name: "boundary", said })),
    ...(session ? [{ name: "session", said: session }] : []),
    ...ceilings.map((said, at) => ({ name: ceilings.length > 1 ? `scp[${at}]` : "scp", said })),
    { name: "resource", said: resource.any },
  ];
  const deny = some(sides.map(({ said }) => said.deny));
  const within = all([...boundaries.map((said) => said.allow), session?.allow ?? "yes"]);
  const own = all([caller.kind === "root" ? "yes" : identity.allow, within]);
  const allow = all([...ceilings.map((said) => said.allow), granted()]);

  const answer = all([allow, not(deny)]);
  const open = (pick: (said: Said) => string[]) =>
    answer === "maybe" ? [...new Set(sides.flatMap(({ said }) => pick(said)))] : [];
  return {
    decision: answer === "yes" ? "allowed" : answer === "no" ? "denied" : "undecided",
    explicit: deny === "yes",
    undecided: open((said) => said.undecided),
    notUnderstood: open((said) => said.notUnderstood),
    sides,
  };

  function granted(): Tri {
    if (!holds) return resource.any.allow;
    // AWS: "You cannot use AWS account root user credentials to call AssumeRole".
    if (caller.kind === "root" && /^sts:assumerole$/i.test(request.action)) return "no";
    if (isCrossAccount(request)) return all([own, resource.any.allow]);
    // A policy that names the role is still held by the role's boundary; one that names its session, or a user, is not. But
    // a user who comes with a session policy is a federated one.
    const byName = caller.kind === "user" && !session ? resource.entity : all([resource.entity, within]);
    const byOwn = mustNameAccount(request) ? all([own, resource.account]) : own;
    return some([byOwn, byName, resource.session]);
  }
}

/** Whose policies and boundary hold it. */
function isEntityKind({ kind }: Caller): boolean {
  return kind === "role" || kind === "user";
}

function boundariesOf({ boundary }: PolicySet): readonly PolicyDocument[] {
  return boundary ? [boundary].flat() : [];
}

export function isCrossAccount({ caller, resource, resourceAccount }: Request): boolean {
  const own = accountOf(caller.arn);
  return own !== (resourceAccount ?? (accountOf(resource) || own));
}

interface ResourceSaid {
  any: Said;
  /** Allowed to the account as such, which leaves it to the account's own policies. */
  account: Tri;
  entity: Tri;
  session: Tri;
}

function ofResource(request: Request, policies: PolicySet): ResourceSaid {
  const documents = policies.resource ? [policies.resource].flat() : [];
  const named = new Map<Statement, ReadonlySet<Level>>();
  const bounded = isEntityKind(request.caller) && boundariesOf(policies).length > 0;
  const any = whatIsSaid(documents, request, (statement) => {
    const found = levels(statement, request.caller, bounded);
    const mentioned = statement.notPrincipals ?? statement.principals;
    const byMaker = mentioned.some((name) => mayHaveMade(name, request.caller));
    named.set(statement, found.size === 0 && byMaker ? new Set<Level>(["entity"]) : found);
    if (found.size > 0) return byMaker && statement.notPrincipals ? "maybe" : "yes";
    // An account by another number: nobody here knows whose.
    const ofAccount = isEntityKind(request.caller) || request.caller.kind === "root";
    return byMaker || (ofAccount && mentioned.some((name) => name.startsWith("CanonicalUser:"))) ? "maybe" : "no";
  });
  // That an account is named gives nobody anything by itself, in its own account.
  const at = (level: Level) =>
    some(
      any.matched
        .filter(({ statement }) => statement.effect === "Allow" && named.get(statement)?.has(level))
        .map(({ matches }) => matches),
    );
  return { any, account: at("account"), entity: at("entity"), session: at("session") };
}

type Level = "account" | "entity" | "session";

/**
 * How a statement of a resource's policy names the caller. NotPrincipal spares whom it names itself, not who is of an
 * account that it names; and as a Deny it spares nobody who has a boundary (AWS: "NotPrincipal").
 */
function levels(statement: Statement, caller: Caller, bounded: boolean): Set<Level> {
  if (statement.notPrincipals) {
    const named = statement.notPrincipals.some((principal) => {
      const level = levelOf(principal, caller);
      return level !== undefined && level !== "account";
    });
    const spared = named && !(bounded && statement.effect === "Deny");
    return new Set<Level>(spared ? [] : ["session"]);
  }
  return new Set(statement.principals.flatMap((principal) => levelOf(principal, caller) ?? []));
}

function levelOf(principal: string, caller: Caller): Level | undefined {
  const [, kind = "", name = ""] = /^(AWS|Service|Federated|CanonicalUser):(.*)$/.exec(principal) ?? [
    "",
    "AWS",
    principal,
  ];
  const everybody = kind === "AWS" && name === "*";
  if (caller.kind === "anonymous") return everybody ? "entity" : undefined;
  if (caller.kind === "service") return everybody || (kind === "Service" && name === caller.arn) ? "entity" : undefined;
  if (caller.kind === "federated") {
    return everybody || (kind === "Federated" && (name === "*" || isProvider(name, caller.arn))) ? "entity" : undefined;
  }
  if (kind !== "AWS") return undefined;
  if (everybody) return "session";
  if (caller.sessionArn === name && !name.includes("*")) return "session";
  if (isEntity(name, caller)) return "entity";
  const account = accountOf(caller.arn);
  const isAccount = name === account || (accountOf(name) === account && /^arn:aws[a-z-]*:iam::\d+:root$/.test(name));
  // Who is the account itself is named by it.
  return isAccount ? (caller.kind === "root" ? "entity" : "account") : undefined;
}

/** A federated user is also the user who made it: one of its account, and nobody tells which. */
function mayHaveMade(principal: string, { arn, federatedUser }: Caller): boolean {
  const name = principal.replace(/^AWS:/, "");
  return Boolean(federatedUser) && accountOf(name) === accountOf(arn) && /^arn:[^:]+:iam::\d+:user\//.test(name);
}

function isEntity(name: string, { arn, pathUnknown }: Caller): boolean {
  if (name === arn) return true;
  const [role, mine] = [name.split("/"), arn.split("/")];
  return Boolean(pathUnknown) && role[0] === mine[0] && role.at(-1) === mine.at(-1);
}

/** By its ARN or by its address alone. */
function isProvider(name: string, caller: string): boolean {
  return name === caller || (!caller.startsWith("arn:") && name.endsWith(`:oidc-provider/${caller}`));
}

/** Keys and roles are closed to their own account too, unless their policy names it. */
function mustNameAccount({ action, resource }: Asked): boolean {
  if (/^kms:/i.test(action)) return !/^(\*|arn:[^:]+:kms:[^:]*:[^:]*:alias\/.*)$/.test(resource);
  return /^sts:(assumerole|tagsession|setsourceidentity|setcontext)/i.test(action);
}

export function accountOf(arn: string): string {
  return arn.split(":")[4] ?? "";
}
