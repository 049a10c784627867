/** Everybody whom an attacker holds at one moment of the search, and what these may do together. */
import type { PolicyDocument } from "../iam-policy.ts";
import { accountOf, evaluate } from "./evaluate.ts";
import { type Context, globMatches } from "./glob.ts";
import { documentsOf, type Entity, policyOf, type World } from "./world.ts";

/** One principal in the attacker's hand, and how it came there. */
export interface Held {
  entity: Entity;
  /** Distinguishes the same principal before and after its rights were changed. */
  key: string;
  /** Steps that led here, first to last. */
  path: readonly string[];
  /** What the steps hang on that could not be decided. */
  provided: readonly string[];
}

/** Yes of one of them. */
export interface Permission {
  by: Held;
  resource: string;
  undecided: readonly string[];
}

/** What does not change from one question about a principal to the next. */
interface Known {
  documents: readonly PolicyDocument[];
  sessionArn: string | undefined;
  context: Context;
}

export class Hand {
  readonly #world: World;
  /** Whether an undecided answer counts. */
  readonly #lenient: boolean;
  readonly #answers = new Map<string, readonly string[] | undefined>();
  readonly #known = new Map<string, Known>();
  readonly held = new Map<string, Held>();
  /** Questions asked: (who, what, on what). */
  examined = 0;

  constructor(world: World, lenient: boolean) {
    this.#world = world;
    this.#lenient = lenient;
  }

  /** @returns whether it is new */
  take(next: Held): boolean {
    if (this.held.has(next.key)) return false;
    this.held.set(next.key, next);
    return true;
  }

  /** The first that may do it. */
  may(action: string, resource: string, context: Context = {}): Permission | undefined {
    for (const by of this.held.values()) {
      const undecided = this.#ask(by, action, resource, context);
      if (undecided) return { by, resource, undecided };
    }
    return undefined;
  }

  /** On any resource at all: those that the held policies name for the action, their wildcards filled in. */
  maySomewhere(action: string, context: Context = {}): Permission | undefined {
    const wanted = action.toLowerCase();
    const named = [...this.held.values()].flatMap(({ entity }) =>
      documentsOf(entity, this.#world).flatMap(({ statements }) =>
        statements
          .filter(({ effect, actions, notActions }) =>
            effect === "Allow" && notActions.length === 0
              ? actions.some((pattern) => globMatches(pattern, wanted))
              : effect === "Allow",
          )
          .flatMap(({ resources }) => (resources.length > 0 ? resources : ["*"])),
      ),
    );
    for (const pattern of new Set(named)) {
      const found = this.may(action, exampleOf(pattern, action, this.#world.account), context);
      if (found) return found;
    }
    return undefined;
  }

  /** What the answer hangs on, or undefined for no. */
  #ask(by: Held, action: string, resource: string, context: Context): readonly string[] | undefined {
    const question = JSON.stringify([by.key, action, resource, context]);
    if (this.#answers.has(question)) return this.#answers.get(question);
    this.examined++;
    const { entity } = by;
    const { documents, sessionArn, context: own } = this.#knownOf(by);
    const verdict = evaluate(
      {
        caller: { arn: entity.arn, kind: entity.kind, sessionArn },
        action,
        resource,
        context: { ...own, ...context },
        resourceAccount: accountOf(resource) || this.#world.account,
      },
      {
        identity: documents,
        boundary: entity.boundary?.document,
        ceilings: this.#world.ceilings,
        resource: policyOf(this.#world, action, resource),
      },
    );
    const yes = verdict.decision === "allowed" || (this.#lenient && verdict.decision === "undecided");
    const answer = yes ? verdict.undecided : undefined;
    this.#answers.set(question, answer);
    return answer;
  }

  #knownOf({ key, entity }: Held): Known {
    const seen = this.#known.get(key);
    if (seen) return seen;
    const known = {
      documents: documentsOf(entity, this.#world),
      sessionArn: sessionOf(entity),
      context: { ...ofCaller(entity), ...this.#world.carries },
    };
    this.#known.set(key, known);
    return known;
  }
}

/** What every request tells about its caller; over TLS, as every SDK sends it, and not through a service. */
function ofCaller({ arn }: Entity): Context {
  return {
    "aws:principalarn": [arn],
    "aws:principalaccount": [arn.split(":")[4] ?? ""],
    "aws:securetransport": ["true"],
    "aws:viaawsservice": ["false"],
    "kms:viaservice": null,
  };
}

function sessionOf({ arn, kind }: Entity): string | undefined {
  if (kind !== "role") return undefined;
  return `${arn.replace(":iam:", ":sts:").replace(/:role\/(?:.*\/)?/, ":assumed-role/")}/attacker`;
}

/** One ARN that the pattern matches; for `*` one of the action's own service. */
function exampleOf(pattern: string, action: string, account: string): string {
  if (pattern === "*") {
    const service = action.split(":")[0] ?? "";
    return service === "iam" ? `arn:aws:iam::${account}:role/x` : `arn:aws:${service}:us-east-2:${account}:x`;
  }
  return fillIn(pattern);
}

/** One text that the glob matches. */
export function fillIn(pattern: string): string {
  return pattern.replaceAll("*", "x").replaceAll("?", "x");
}
