/**
 * What a process counts and measures, for Prometheus: the one way in. Each label's values are listed where the metric is
 * defined, and whatever else comes is counted as "other", so nobody's text can get in and no series can be added from outside.
 */

/** By label: the values that it may have. */
type LabelSets = Record<string, Iterable<string>>;
type Labels<Sets extends LabelSets> = {
  [Name in keyof Sets]: Sets[Name] extends Iterable<infer Value extends string> ? Value : never;
};

export const other = "other";

interface Family {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  /** @returns lines such as `name{label="value"} 1` */
  lines(): Promise<string[]> | string[];
}

export interface Counter<Sets extends LabelSets> {
  add(labels: Labels<Sets>, amount?: number): void;
}

export interface Gauge<Sets extends LabelSets> {
  /** Relative to what it is. */
  add(labels: Labels<Sets>, change: number): void;
  /** Read at each scrape, and added to what others read. @returns what ends it. */
  read(labels: Labels<Sets>, value: () => number): () => void;
  /** As `read`, of several at once, which may take a while. What throws is told by `biplane_unread_metrics_total`. */
  readAll(values: () => Promise<readonly (readonly [Labels<Sets>, number])[]>): () => void;
}

export interface Histogram<Sets extends LabelSets> {
  observe(labels: Labels<Sets>, value: number): void;
}

const families = new Map<string, Family>();

/** Upper bounds in seconds, for what is answered at once up to what a person would wait for. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** @param name ends in `_total`, as counters do. */
export function counter<const Sets extends LabelSets>(name: string, help: string, sets: Sets): Counter<Sets> {
  const series = new Series(sets, () => ({ value: 0 }));
  register({ name, help, type: "counter", lines: () => series.lines((key, { value }) => [sample(name, key, value)]) });
  return {
    add(labels, amount = 1) {
      series.of(labels).value += amount;
    },
  };
}

export function gauge<const Sets extends LabelSets>(name: string, help: string, sets: Sets): Gauge<Sets> {
  const series = new Series(sets, () => ({ value: 0 }));
  const readers = new Set<() => Promise<readonly (readonly [Labels<Sets>, number])[]>>();
  const readAll: Gauge<Sets>["readAll"] = (values) => {
    readers.add(values);
    return () => void readers.delete(values);
  };
  register({
    name,
    help,
    type: "gauge",
    async lines() {
      const now = new Series(sets, () => ({ value: 0 }));
      for (const [key, { value }] of series.entries()) now.at(key).value = value;
      for (const reader of readers) {
        try {
          for (const [labels, value] of await reader()) now.of(labels).value += value;
        } catch {
          // A database that is away must not hide the rest; readiness tells of it, and the log of whoever asked it.
          unread.add({});
        }
      }
      return now.lines((key, { value }) => [sample(name, key, value)]);
    },
  });
  return {
    add(labels, change) {
      series.of(labels).value += change;
    },
    read: (labels, value) => readAll(async () => [[labels, value()]]),
    readAll,
  };
}

/** @param name ends in the unit, such as `_seconds`. */
export function histogram<const Sets extends LabelSets>(
  name: string,
  help: string,
  sets: Sets,
  buckets: readonly number[] = secondsBuckets,
): Histogram<Sets> {
  // Each counts its own values alone; what Prometheus wants, all up to a bound, is added up when it asks.
  const series = new Series(sets, () => ({ counts: new Float64Array(buckets.length + 1), sum: 0 }));
  register({
    name,
    help,
    type: "histogram",
    lines: () =>
      series.lines((key, { counts, sum }) => {
        let total = 0;
        const upTo = [...buckets.map(String), "+Inf"].map((bound, at) => {
          total += counts[at] ?? 0;
          return sample(`${name}_bucket`, [...key, ["le", bound]], total);
        });
        return [...upTo, sample(`${name}_sum`, key, sum), sample(`${name}_count`, key, total)];
      }),
  });
  return {
    observe(labels, value) {
      const one = series.of(labels);
      let at = 0;
      while (at < buckets.length && value > (buckets[at] ?? 0)) at += 1;
      one.counts[at] = (one.counts[at] ?? 0) + 1;
      one.sum += value;
    },
  };
}

/** What somebody else counts or measures already: one value, asked for at each scrape. */
export function reading(type: "counter" | "gauge", name: string, help: string, value: () => number): void {
  register({ name, help, type, lines: () => [sample(name, [], value())] });
}

/** @returns since `began`, a `performance.now()`, in seconds. */
export const secondsSince = (began: number) => (performance.now() - began) / 1_000;

/** In Prometheus' text format, version 0.0.4. */
export async function renderMetrics(): Promise<string> {
  const parts = await Promise.all(
    [...families.values()].map(async ({ name, help, type, lines }) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...(await lines())].join("\n"),
    ),
  );
  return `${parts.join("\n")}\n`;
}

export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

type Key = readonly (readonly [label: string, value: string])[];

/** The values of one metric, by their labels. Without any label there is one, from the start. */
class Series<Value> {
  readonly #names: string[];
  readonly #allowed: ReadonlySet<string>[];
  readonly #make: () => Value;
  readonly #values = new Map<string, { key: Key; value: Value }>();

  constructor(sets: LabelSets, make: () => Value) {
    this.#names = Object.keys(sets);
    this.#allowed = Object.values(sets).map((values) => (values instanceof Set ? values : new Set(values)));
    this.#make = make;
    if (this.#names.length === 0) this.at([]);
  }

  of(labels: Readonly<Record<string, string>>): Value {
    let id = "";
    for (let at = 0; at < this.#names.length; at++) id += `${this.#valueOf(labels, at)}\n`;
    return this.#values.get(id)?.value ?? this.at(this.#names.map((name, at) => [name, this.#valueOf(labels, at)]));
  }

  at(key: Key): Value {
    const id = key.map(([, value]) => `${value}\n`).join("");
    const known = this.#values.get(id) ?? { key, value: this.#make() };
    this.#values.set(id, known);
    return known.value;
  }

  *entries(): Iterable<[Key, Value]> {
    for (const { key, value } of this.#values.values()) yield [key, value];
  }

  lines(render: (key: Key, value: Value) => string[]): string[] {
    return [...this.entries()].flatMap(([key, value]) => render(key, value));
  }

  #valueOf(labels: Readonly<Record<string, string>>, at: number): string {
    const value = labels[this.#names[at] ?? ""] ?? "";
    return this.#allowed[at]?.has(value) ? value : other;
  }
}

function register(family: Family): void {
  if (!/^[a-z][a-z0-9_]*$/.test(family.name) || families.has(family.name)) {
    throw new Error(`the metric ${family.name} is named wrongly, or twice`);
  }
  families.set(family.name, family);
}

function sample(name: string, key: Key, value: number): string {
  const labels = key.map(([label, text]) => `${label}="${text.replace(/[\\"\n]/g, escaped)}"`).join(",");
  return `${name}${labels && `{${labels}}`} ${Number.isNaN(value) ? "NaN" : value}`;
}

const escaped = (character: string) => (character === "\n" ? "\\n" : `\\${character}`);

const unread = counter("biplane_unread_metrics_total", "Metrics that could not be read when they were asked for", {});
