/** Label selectors as the API server reads them. */
import { z } from "zod";
import { listOf, maybe, stringMap } from "./input/parsed.ts";
import { type Tri, tri } from "./tri.ts";

const operators = ["In", "NotIn", "Exists", "DoesNotExist"] as const;

const requirement = z
  .strictObject({
    key: z.string(),
    operator: z.enum(operators, `one of ${operators.join(", ")}`),
    values: listOf(z.string()),
  })
  .refine(
    ({ operator, values }) => values.length > 0 === (operator === "In" || operator === "NotIn"),
    "values with In and NotIn, and none with Exists and DoesNotExist",
  );

export const labelSelector = z.strictObject({ matchLabels: stringMap, matchExpressions: listOf(requirement) });

/** Where it may be missing, which is not the same as empty: empty selects everything. */
export const optionalSelector = maybe(labelSelector);

export type LabelSelector = z.infer<typeof labelSelector>;
export type Labels = Readonly<Record<string, string>>;

export function selects({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const among = value !== undefined && values.includes(value);
      return operator === "In" ? among : !among;
    })
  );
}

/** @param isTold whether a key's value, or that it is not there, is known */
export function maySelect(selector: LabelSelector, labels: Labels, isTold: (key: string) => boolean): Tri {
  const keys = [...Object.keys(selector.matchLabels), ...selector.matchExpressions.map(({ key }) => key)];
  if (keys.every(isTold)) return tri(selects(selector, labels));
  const told = {
    matchLabels: Object.fromEntries(Object.entries(selector.matchLabels).filter(([key]) => isTold(key))),
    matchExpressions: selector.matchExpressions.filter(({ key }) => isTold(key)),
  };
  return selects(told, labels) ? "maybe" : "no";
}
