/** Whether one statement speaks of one request. */
import type { PolicyDocument, Statement } from "../iam-policy.ts";
import { all, not, some, type Tri, tri } from "../tri.ts";
import { conditionsHold } from "./conditions.ts";
import { type Context, globMatches, patternMatches } from "./glob.ts";

export interface Asked {
  /** `service:Action`, in any case. */
  action: string;
  /** One ARN, or `*` for calls that know none. */
  resource: string;
  context: Context;
}

/** What a set of documents says: whether an Allow and whether a Deny matches, and what could not be decided. */
export interface Said {
  allow: Tri;
  deny: Tri;
  undecided: string[];
}

export const nothingSaid: Said = { allow: "no", deny: "no", undecided: [] };

/** @param speaksOf whether a statement is about the caller at all: always, for the caller's own policies */
export function whatIsSaid(
  documents: readonly PolicyDocument[],
  asked: Asked,
  speaksOf: (statement: Statement) => Tri = () => "yes",
): Said {
  const undecided = new Set<string>();
  const matched = (effect: Statement["effect"]) =>
    some(
      documents.flatMap(({ statements }) =>
        statements
          .filter((statement) => statement.effect === effect)
          .map((statement) => {
            const about = all([
              speaksOf(statement),
              matchesAction(statement, asked),
              matchesResource(statement, asked),
            ]);
            if (about === "no") return "no";
            const { holds, undecided: open } = conditionsHold(statement.conditions, asked.context);
            if (holds !== "no")
              for (const one of open) undecided.add(`${one}${statement.sid ? ` (${statement.sid})` : ""}`);
            if (holds !== "no" && about === "maybe") undecided.add(`variable in ${statement.sid ?? "a statement"}`);
            return all([about, holds]);
          }),
      ),
    );
  return { allow: matched("Allow"), deny: matched("Deny"), undecided: [...undecided] };
}

function matchesAction({ actions, notActions }: Statement, { action }: Asked): Tri {
  const wanted = action.toLowerCase();
  const named = (patterns: string[]) => patterns.some((pattern) => globMatches(pattern.toLowerCase(), wanted));
  return tri(notActions.length > 0 ? !named(notActions) : named(actions));
}

/** A trust policy has no Resource: it speaks of its own role. */
function matchesResource({ resources, notResources }: Statement, { resource, context }: Asked): Tri {
  const named = (patterns: string[]) => some(patterns.map((pattern) => patternMatches(pattern, resource, context)));
  if (notResources.length > 0) return not(named(notResources));
  return resources.length === 0 ? "yes" : named(resources);
}
