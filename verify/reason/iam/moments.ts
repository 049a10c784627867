/**
 * Values that tell conditions apart. Conditions on a key cut its values into classes (texts by patterns, numbers and times by
 * bounds, addresses by blocks); one value of each class stands for all of it, and its absence for itself.
 */
import type { Statement } from "../iam-policy.ts";
import { blockOf } from "../ip.ts";
import { date, numeric } from "./conditions.ts";
import { variablesOf } from "./glob.ts";
import { classesOf, Signs, textOfAny } from "./language.ts";

export type Value = readonly string[] | null;

export interface Moments {
  /** By key: those to look at. */
  values: ReadonlyMap<string, readonly Value[]>;
  /** Whatever a request's context is, the conditions answer it as they answer one of these, of keys with one value each. */
  complete: boolean;
}

/** As the value of a key: nobody's and nothing's. */
const fresh = "biplane-fresh";

/** What is asked of a key. */
interface Asked {
  /** Compiled, as a condition on texts reads them. */
  texts: string[];
  truths: string[];
  numbers: string[];
  times: string[];
  blocks: string[];
  /** Of what has no classes here: case that does not matter, sets, ARNs, variables. */
  samples: string[][];
}

type Add = (asked: Asked, values: readonly string[]) => void;

const signs = new Signs();
const sampled: Add = ({ samples }, values) => {
  const whole = values.flatMap((one) =>
    ["", "x"].flatMap((text) => [withSigns(one, text), one.replaceAll("*", text).replaceAll("?", "x")]),
  );
  samples.push(...[fresh, "", ...whole].map((one) => [one]), [fresh, ...whole]);
};

const kinds: [RegExp, Add][] = [
  [/^null$/, () => {}],
  [/^bool(ifexists)?$/, ({ truths }, values) => truths.push(...values)],
  [/^string(not)?equals(ifexists)?$/, ({ texts }, values) => texts.push(...values)],
  [
    /^string(not)?like(ifexists)?$/,
    ({ texts }, values) => texts.push(...values.map((one) => signs.compile(one, "text"))),
  ],
  [/^numeric\w+$/, ({ numbers }, values) => numbers.push(...values)],
  [/^date\w+$/, ({ times }, values) => times.push(...values)],
  [/^(not)?ipaddress(ifexists)?$/, ({ blocks }, values) => blocks.push(...values)],
];

export function momentsOf(all: readonly Statement["conditions"][]): Moments {
  const keys = new Map<string, Asked>();
  const askedOf = (key: string) => {
    const known = keys.get(key) ?? { texts: [], truths: [], numbers: [], times: [], blocks: [], samples: [] };
    keys.set(key, known);
    return known;
  };
  for (const conditions of all)
    for (const [operator, wanted] of Object.entries(conditions))
      for (const [key, values] of Object.entries(wanted)) {
        for (const name of values.flatMap(variablesOf)) sampled(askedOf(name), []);
        const [, add] = kinds.find(([kind]) => kind.test(operator.toLowerCase())) ?? [];
        const plain = !values.some((one) => one.includes("${"));
        (plain && add ? add : sampled)(askedOf(key.toLowerCase()), values);
      }
  const found = [...keys].map(([key, asked]) => [key, classesFor(asked)] as const);
  return {
    values: new Map(found.map(([key, { values }]) => [key, [...values, null]])),
    complete: found.every(([, { complete }]) => complete),
  };
}

interface Classes {
  values: readonly string[];
  complete: boolean;
}

/** Complete where one kind of question alone is asked, and each of its classes has its value. */
function classesFor({ texts, truths, numbers, times, blocks, samples }: Asked): {
  values: readonly Value[];
  complete: boolean;
} {
  const found = [
    ...(texts.length > 0 ? [classesOfTexts([...new Set(texts)])] : []),
    ...(truths.length > 0 ? [{ values: ["true", "false", fresh, ...truths], complete: true }] : []),
    ...(numbers.length > 0 ? [around(numbers, numeric, String, (a, b) => (a + b) / 2)] : []),
    ...(times.length > 0 ? [around(times, date, timeText, (a, b) => Math.floor((a + b) / 2))] : []),
    ...(blocks.length > 0 ? [edgesOf(blocks)] : []),
  ];
  // A key of which only the presence is asked.
  const values = found.length === 0 && samples.length === 0 ? [fresh, ""] : found.flatMap((one) => one.values);
  return {
    values: [...[...new Set(values)].map((one) => [one]), ...samples],
    complete: samples.length === 0 && found.length <= 1 && found.every(({ complete }) => complete),
  };
}

/** Many statements ask the same of a key. */
const knownTexts = new Map<string, Classes>();
/** Far above what conditions of a size that AWS takes need. */
const maxStates = 2000;

function classesOfTexts(texts: readonly string[]): Classes {
  const key = JSON.stringify([...texts].sort());
  const known = knownTexts.get(key);
  if (known) return known;
  const classes = classesOf(texts, textOfAny, maxStates);
  // An empty text is no value to some operators.
  const found = classes
    ? { values: [...classes.map(({ example }) => example), ""], complete: true }
    : {
        values: [fresh, ...texts.map((one) => one.replaceAll("\uE000", "").replaceAll("\uE001", "x"))],
        complete: false,
      };
  knownTexts.set(key, found);
  return found;
}

/** Each bound, one value between it and the next, and one on either side. */
function around(
  texts: readonly string[],
  parse: (text: string) => number,
  spell: (value: number) => string,
  middle: (a: number, b: number) => number,
): Classes {
  const read = texts.map(parse).filter((one) => !Number.isNaN(one));
  const sorted = [...new Set(read)].sort((a, b) => a - b);
  const [least = 0, greatest = 0] = [sorted[0], sorted.at(-1)];
  const between = sorted.slice(1).flatMap((one, at) => {
    const before = sorted[at] ?? one;
    const found = middle(before, one);
    return found > before && found < one ? [found] : [];
  });
  const ends = [least - 1000, greatest + 1000];
  const all = [...sorted, ...between, ...ends].map((value) => ({ value, text: spell(value) }));
  const spelled = all.filter(({ value, text }) => parse(text) === value);
  return {
    values: [...spelled.map(({ text }) => text), ...texts],
    complete: spelled.length === all.length && (ends[0] ?? 0) < least && (ends[1] ?? 0) > greatest,
  };
}

const timeText = (time: number) => (Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : "");

/** The first and last address of each block, and those just outside: blocks lie within or beside each other. */
function edgesOf(blocks: readonly string[]): Classes {
  const parsed = blocks.map(blockOf);
  const edges = parsed.flatMap((block) => {
    if (block?.family !== 4) return [];
    const size = 1n << BigInt(32 - block.length);
    const first = (block.value / size) * size;
    return [first - 1n, first, first + size - 1n, first + size];
  });
  const text = (at: bigint) => [24n, 16n, 8n, 0n].map((shift) => (at >> shift) & 255n).join(".");
  const inside = [...new Set(edges)].filter((at) => at >= 0n && at < 1n << 32n);
  return { values: [...inside.map(text), "2001:db8::7"], complete: parsed.every((block) => block?.family === 4) };
}

/** A text that a pattern matches, at least if its variables are filled in so. */
const withSigns = (value: string, text: string) =>
  value.replace(/\$\{([^}]*)\}|[*?]/g, (sign: string, key?: string) => {
    if (key === undefined) return sign === "*" ? text : "x";
    return /^[*?$]$/.test(key) ? key : fresh;
  });
