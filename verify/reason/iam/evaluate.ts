/**
 * One request decided as AWS documents it ("How AWS enforcement code logic evaluates requests"): an explicit deny
 * anywhere wins; within one account the caller's own policies and the resource's policy add up; a boundary and the
 * organisation's ceilings limit; between accounts both sides must allow.
 */
import type { PolicyDocument, Statement } from "../iam-policy.ts";
import { all, not, some, type Tri, tri } from "../tri.ts";
import { globMatches } from "./glob.ts";
import { type Asked, nothingSaid, whatIsSaid } from "./statement.ts";

export interface Caller {
  /** ARN of the role or user, name of the service, or ARN of the identity provider. */
  arn: string;
  kind: "role" | "user" | "service" | "federated";
  /** Of a role: what it is called once taken, `arn:aws:sts::…:assumed-role/…`. */
  sessionArn?: string;
}

export interface PolicySet {
  /** The caller's own, inline and attached, groups' too. */
  identity: readonly PolicyDocument[];
  boundary?: PolicyDocument;
  /** Service control and session policies: each of the lists must allow. */
  ceilings?: readonly (readonly PolicyDocument[])[];
  /** The resource's own policy; of a role its trust policy. */
  resource?: PolicyDocument;
}

export interface Request extends Asked {
  caller: Caller;
  /** Account that owns the resource. @default the ARN's, else the caller's */
  resourceAccount?: string;
}

export interface Verdict {
  decision: "allowed" | "denied" | "undecided";
  /** A Deny matched; else a denial is only the lack of an Allow. */
  explicit: boolean;
  /** Conditions and variables that the answer hangs on. */
  undecided: string[];
}

export function evaluate(request: Request, policies: PolicySet): Verdict {
  const { caller } = request;
  const identity = whatIsSaid(policies.identity, request);
  const boundary = policies.boundary && whatIsSaid([policies.boundary], request);
  const ceilings = (policies.ceilings ?? []).map((documents) => whatIsSaid(documents, request));
  const resource = ofResource(request, policies.resource);

  const deny = some([identity, ...(boundary ? [boundary] : []), ...ceilings, resource.any].map((said) => said.deny));
  const ceiling = all(ceilings.map(({ allow }) => allow));
  const own = all([identity.allow, boundary?.allow ?? "yes"]);
  const allow = all([ceiling, granted(request, own, boundary?.allow ?? "yes", resource)]);

  const answer = all([allow, not(deny)]);
  const undecided = [identity, boundary ?? nothingSaid, ...ceilings, resource.any].flatMap((said) => said.undecided);
  return {
    decision: answer === "yes" ? "allowed" : answer === "no" ? "denied" : "undecided",
    explicit: deny === "yes",
    undecided: answer === "maybe" ? [...new Set(undecided)] : [],
  };

  function granted(asked: Request, mine: Tri, within: Tri, at: ResourceSaid): Tri {
    if (caller.kind === "service" || caller.kind === "federated") return at.any.allow;
    if (accountOf(caller.arn) !== (asked.resourceAccount ?? (accountOf(asked.resource) || accountOf(caller.arn)))) {
      return all([mine, at.any.allow]);
    }
    // A policy that names the role is still held by the role's boundary; one that names its session, or a user, is not.
    const byName = caller.kind === "user" ? at.entity : all([at.entity, within]);
    const byOwn = mustNameAccount(asked) ? all([mine, at.account]) : mine;
    return some([byOwn, byName, at.session]);
  }
}

interface ResourceSaid {
  any: ReturnType<typeof whatIsSaid>;
  /** Allowed to the account as such, which leaves it to the account's own policies. */
  account: Tri;
  entity: Tri;
  session: Tri;
}

function ofResource(request: Request, policy: PolicyDocument | undefined): ResourceSaid {
  const documents = policy ? [policy] : [];
  const at = (level: Level) =>
    whatIsSaid(documents, request, (statement) => tri(levels(statement, request.caller).has(level)));
  const any = whatIsSaid(documents, request, (statement) => tri(levels(statement, request.caller).size > 0));
  const [account, entity, session] = [at("account").allow, at("entity").allow, at("session").allow];
  // That an account is named gives nobody anything by itself, in its own account.
  return { any, account, entity, session };
}

type Level = "account" | "entity" | "session";

/** How a statement of a resource's policy names the caller. */
function levels(statement: Statement, caller: Caller): Set<Level> {
  if (statement.notPrincipals) {
    const named = statement.notPrincipals.some((principal) => levelOf(principal, caller) !== undefined);
    return new Set<Level>(named ? [] : ["session"]);
  }
  return new Set(statement.principals.flatMap((principal) => levelOf(principal, caller) ?? []));
}

function levelOf(principal: string, caller: Caller): Level | undefined {
  const [, kind = "", name = ""] = /^(AWS|Service|Federated|CanonicalUser):(.*)$/.exec(principal) ?? [
    "",
    "AWS",
    principal,
  ];
  if (caller.kind === "service") return kind === "Service" && name === caller.arn ? "entity" : undefined;
  if (caller.kind === "federated") {
    return (kind === "Federated" && name === caller.arn) || name === "*" ? "entity" : undefined;
  }
  if (kind !== "AWS") return undefined;
  if (name === "*") return "session";
  if (name === caller.arn) return "entity";
  if (caller.sessionArn && globMatches(name, caller.sessionArn) && !name.includes("*")) return "session";
  const account = accountOf(caller.arn);
  return name === account || name === `arn:aws:iam::${account}:root` ? "account" : undefined;
}

/** Keys and roles are closed to their own account too, unless their policy names it. */
function mustNameAccount({ action }: Asked): boolean {
  return /^(kms:|sts:assumerole)/i.test(action);
}

export function accountOf(arn: string): string {
  return arn.split(":")[4] ?? "";
}
