/**
 * Contexts that tell conditions apart. Conditions on a key cut its values into classes (texts by patterns, numbers and times by
 * bounds, addresses by blocks); one value of each class stands for all of it, and its absence for itself.
 */
import type { Statement } from "../iam-policy.ts";
import { parseAddress } from "../ip.ts";
import type { Context } from "./glob.ts";
import { classesOf, type Shape, Signs } from "./language.ts";

export interface Moments {
  contexts: readonly Context[];
  /** Whatever a request's context is, the conditions answer it as they answer one of these, of keys with one value each. */
  complete: boolean;
}

const most = 512;
/** As the value of a key: nobody's and nothing's. */
const fresh = "biplane-fresh";

/** What is asked of a key. */
interface Asked {
  /** Compiled, as a condition on texts reads them. */
  texts: string[];
  numbers: number[];
  times: number[];
  blocks: string[];
  /** Of what has no classes here: case that does not matter, sets, ARNs, variables. */
  samples: string[][];
}

type Add = (asked: Asked, values: readonly string[]) => void;

const signs = new Signs();
const literal: Add = ({ texts }, values) => texts.push(...values);
const sampled: Add = ({ samples }, values) => {
  const whole = values
    .flatMap((one) => [one, filled(one)])
    .flatMap((one) => ["", "x"].map((text) => withSigns(one, text)));
  samples.push(...[fresh, ...whole].map((one) => [one]), [fresh, ...whole]);
};

const kinds: [RegExp, Add][] = [
  [/^null$/, () => {}],
  [/^bool(ifexists)?$/, (asked, values) => literal(asked, ["true", "false", ...values])],
  [/^string(not)?equals(ifexists)?$/, literal],
  [
    /^string(not)?like(ifexists)?$/,
    (asked, values) =>
      literal(
        asked,
        values.map((one) => signs.compile(one, "text")),
      ),
  ],
  [/^numeric\w+$/, ({ numbers }, values) => numbers.push(...values.map(Number))],
  [/^date\w+$/, ({ times }, values) => times.push(...values.map(timeOf))],
  [/^(not)?ipaddress(ifexists)?$/, ({ blocks }, values) => blocks.push(...values)],
];

export function momentsOf(all: readonly Statement["conditions"][]): Moments {
  const keys = new Map<string, Asked>();
  const askedOf = (key: string) => {
    const known = keys.get(key) ?? { texts: [], numbers: [], times: [], blocks: [], samples: [] };
    keys.set(key, known);
    return known;
  };
  for (const conditions of all)
    for (const [operator, wanted] of Object.entries(conditions))
      for (const [key, values] of Object.entries(wanted)) {
        const named = values.flatMap(variablesOf);
        for (const name of named) sampled(askedOf(name), []);
        const [, add] = kinds.find(([kind]) => kind.test(operator.toLowerCase())) ?? [];
        (named.length === 0 && add ? add : sampled)(askedOf(key.toLowerCase()), values);
      }
  let contexts: Context[] = [{ "*": null }];
  let complete = true;
  for (const [key, asked] of keys) {
    const { values, complete: all } = classesFor(asked);
    const more = contexts.flatMap((context) => values.map((value) => ({ ...context, [key]: value })));
    complete &&= all && contexts.length + more.length <= most;
    contexts = [...contexts, ...more].slice(0, most);
  }
  return { contexts, complete };
}

/** Complete where one kind of question alone is asked, and each of its classes has its value. */
function classesFor({ texts, numbers, times, blocks, samples }: Asked): { values: string[][]; complete: boolean } {
  const found = [
    ...(texts.length > 0 ? [classesOf([...new Set(texts)], anyText)?.map(({ example }) => example)] : []),
    ...(numbers.length > 0 ? [around(numbers).map(String)] : []),
    ...(times.length > 0 ? [around(times).map((time) => new Date(time).toISOString())] : []),
    ...(blocks.length > 0 ? [edgesOf(blocks)] : []),
  ];
  const known = found.flatMap((values) => values ?? []);
  // A key of which only the presence is asked.
  const values = found.length === 0 && samples.length === 0 ? [fresh] : known;
  return {
    values: [...values.map((one) => [one]), ...samples],
    complete: samples.length === 0 && found.length <= 1 && !found.includes(undefined),
  };
}

/** Each number, one between it and the next, and one on either side. */
function around(numbers: readonly number[]): number[] {
  const sorted = [...new Set(numbers.filter(Number.isFinite))].sort((a, b) => a - b);
  const [least = 0, greatest = 0] = [sorted[0], sorted.at(-1)];
  const between = sorted.slice(1).map((one, at) => (one + (sorted[at] ?? one)) / 2);
  return [least - 1000, ...sorted, ...between, greatest + 1000];
}

/** The first and last address of each block, and those just outside: blocks lie within or beside each other. */
function edgesOf(blocks: readonly string[]): string[] | undefined {
  const parsed = blocks.map((block) => /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(block));
  if (parsed.includes(null)) return undefined;
  const edges = parsed.flatMap((found) => {
    const [a = 0, b = 0, c = 0, d = 0, length = 32] = (found ?? []).slice(1).map((one) => (one ? Number(one) : 32));
    const size = 2 ** (32 - length);
    const first = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / size) * size;
    return [first - 1, first, first + size - 1, first + size];
  });
  const text = (at: number) => [24, 16, 8, 0].map((shift) => Math.floor(at / 2 ** shift) % 256).join(".");
  const inside = [...new Set(edges)].filter((at) => at >= 0 && at < 2 ** 32).map(text);
  return [...inside.filter((one) => parseAddress(one)), "2001:db8::7"];
}

/** The keys of `${…}`, but of the signs that stand for themselves. */
function variablesOf(value: string): string[] {
  return [...value.matchAll(/\$\{([^,}]+?)\s*(?:,[^}]*)?\}/g)].flatMap(([, key = ""]) =>
    /^[*?$]$/.test(key) ? [] : [key.toLowerCase()],
  );
}

const filled = (value: string) => value.replaceAll(/\$\{[^}]*\}/g, fresh);
const withSigns = (value: string, text: string) => value.replaceAll("*", text).replaceAll("?", "x");
const timeOf = (text: string) => (/^(\d{1,3}|\d{5,})$/.test(text) ? Number(text) * 1000 : Date.parse(text));
const anyText: Shape = { start: "", next: () => "some", accepts: (state) => state === "some" };
