/** Operators of Azure's conditions. Source: Azure RBAC, "Azure role assignment condition format and syntax", operators. */

/** One value of an attribute, or several. */
export type Given = string | readonly string[];

/** @returns undefined where the values are none of its kind */
type One = (left: string, right: string) => boolean | undefined;

const number = (compare: (left: number, right: number) => boolean): One => {
  return (left, right) => {
    const [a, b] = [Number(left), Number(right)];
    return left.trim() === "" || right.trim() === "" || Number.isNaN(a) || Number.isNaN(b) ? undefined : compare(a, b);
  };
};
const time = (compare: (left: number, right: number) => boolean): One => {
  return (left, right) => {
    const [a, b] = [Date.parse(left), Date.parse(right)];
    return Number.isNaN(a) || Number.isNaN(b) ? undefined : compare(a, b);
  };
};
const orders = {
  Equals: (left: number, right: number) => left === right,
  LessThan: (left: number, right: number) => left < right,
  LessThanEquals: (left: number, right: number) => left <= right,
  GreaterThan: (left: number, right: number) => left > right,
  GreaterThanEquals: (left: number, right: number) => left >= right,
};

const bool: One = (left, right) => {
  const known = /^(true|false)$/i;
  return known.test(left) && known.test(right) ? left.toLowerCase() === right.toLowerCase() : undefined;
};
const texts: Record<string, One> = {
  StringEquals: (left, right) => left === right,
  StringStartsWith: (left, right) => left.startsWith(right),
  StringLike: like,
};

/** `*` and `?`; what is escaped is not understood. */
function like(text: string, pattern: string): boolean | undefined {
  if (pattern.includes("\\")) return undefined;
  const literal = pattern.replace(/[.+^${}()|[\]]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(text);
}

const plain: Readonly<Record<string, One>> = {
  ...Object.fromEntries(
    Object.entries(texts).flatMap(([name, one]) => [
      [name, one],
      [`${name}IgnoreCase`, (left: string, right: string) => one(left.toLowerCase(), right.toLowerCase())],
      [name.replace("String", "StringNot"), negated(one)],
      [
        `${name.replace("String", "StringNot")}IgnoreCase`,
        negated((left, right) => one(left.toLowerCase(), right.toLowerCase())),
      ],
    ]),
  ),
  ...Object.fromEntries(Object.entries(orders).map(([name, compare]) => [`Numeric${name}`, number(compare)])),
  ...Object.fromEntries(Object.entries(orders).map(([name, compare]) => [`DateTime${name}`, time(compare)])),
  BoolEquals: bool,
  BoolNotEquals: negated(bool),
  GuidEquals: (left, right) => left.toLowerCase() === right.toLowerCase(),
  GuidNotEquals: (left, right) => left.toLowerCase() !== right.toLowerCase(),
};

function negated(one: One): One {
  return (left, right) => {
    const result = one(left, right);
    return result === undefined ? undefined : !result;
  };
}

/** How many of the left are held to how many of the right. */
const quantified: Record<
  string,
  (left: readonly string[], holds: (value: string, all: boolean) => boolean) => boolean
> = {
  ForAnyOfAnyValues: (left, holds) => left.some((value) => holds(value, false)),
  ForAllOfAnyValues: (left, holds) => left.every((value) => holds(value, false)),
  ForAnyOfAllValues: (left, holds) => left.some((value) => holds(value, true)),
  ForAllOfAllValues: (left, holds) => left.every((value) => holds(value, true)),
};

/** @returns undefined for an operator that is not known */
export function comparison(operator: string): ((left: Given, right: Given) => boolean | undefined) | undefined {
  const [quantity, name] = operator.includes(":") ? operator.split(":") : [undefined, operator];
  const one = Object.hasOwn(plain, name ?? "") ? plain[name ?? ""] : undefined;
  if (!one) return undefined;
  if (quantity === undefined) {
    return (left, right) => (typeof left === "string" && typeof right === "string" ? one(left, right) : undefined);
  }
  const over = Object.hasOwn(quantified, quantity) ? quantified[quantity] : undefined;
  if (!over) return undefined;
  return (left, right) => {
    const [all, against] = [[left].flat(), [right].flat()];
    const results = all.flatMap((value) => against.map((other) => one(value, other)));
    if (results.includes(undefined)) return undefined;
    return over(all, (value, every) =>
      every ? against.every((other) => one(value, other)) : against.some((other) => one(value, other)),
    );
  };
}
