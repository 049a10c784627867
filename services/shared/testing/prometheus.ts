/** Reads Prometheus' text format as strictly as its documentation describes it, and refuses everything else. */

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface MetricFamily {
  name: string;
  type: string;
  samples: Sample[];
}

const labelForm = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"/y;
const sampleForm = /^([a-zA-Z_:][\w:]*)(?:\{([^\n]*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$/;

/** @throws Error with the line that breaks the rules. */
export function parseMetrics(text: string): MetricFamily[] {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families: MetricFamily[] = [];
  let helped: string | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") {
      if (families.some((family) => family.name === name)) throw new Error(`${name} comes twice`);
      helped = name;
    } else if (kind === "TYPE") {
      if (helped !== name) throw new Error(`${name} has a type and no help before it`);
      if (!["counter", "gauge", "histogram"].includes(rest)) throw new Error(`no type: ${line}`);
      families.push({ name, type: rest, samples: [] });
      helped = undefined;
    } else {
      const family = families.at(-1);
      if (!family || helped !== undefined) throw new Error(`a sample of no metric: ${line}`);
      family.samples.push(readSample(line, family));
    }
  }
  for (const family of families) checkFamily(family);
  return families;
}

function readSample(line: string, { name, type }: MetricFamily): Sample {
  const [, named = "", labelText, value = ""] = sampleForm.exec(line) ?? [];
  const allowed = type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
  if (!allowed.includes(named)) throw new Error(`not a sample of ${name}: ${line}`);
  const labels: Record<string, string> = {};
  labelForm.lastIndex = 0;
  for (let at = 0; labelText !== undefined && at < labelText.length; at = labelForm.lastIndex) {
    if (at > 0 && labelText[at] !== ",") throw new Error(`labels without a comma between: ${line}`);
    labelForm.lastIndex = at > 0 ? at + 1 : 0;
    const [, label, inner] = labelForm.exec(labelText) ?? [];
    if (label === undefined || inner === undefined || label in labels) throw new Error(`no labels: ${line}`);
    labels[label] = inner.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
  }
  return { name: named, labels, value: Number(value.replace("Inf", "Infinity")) };
}

function checkFamily({ name, type, samples }: MetricFamily): void {
  const seen = new Set(samples.map((one) => `${one.name} ${JSON.stringify(Object.entries(one.labels).sort())}`));
  if (seen.size !== samples.length) throw new Error(`${name} has one series twice`);
  if (type === "counter" && !(name.endsWith("_total") && samples.every(({ value }) => value >= 0))) {
    throw new Error(`${name} is no counter`);
  }
  if (type === "histogram")
    for (const count of samples.filter((one) => one.name.endsWith("_count"))) checkBuckets(samples, count);
}

/** Bounds that grow, counts that never fall, and at the end all there are. */
function checkBuckets(samples: Sample[], count: Sample): void {
  const name = count.name.replace(/_count$/, "_bucket");
  const of = ({ le: _, ...labels }: Record<string, string>) => JSON.stringify(Object.entries(labels).sort());
  const buckets = samples.filter((one) => one.name === name && of(one.labels) === of(count.labels));
  let [bound, total] = [Number.NEGATIVE_INFINITY, 0];
  for (const { labels, value } of buckets) {
    const next = Number((labels.le ?? "").replace("Inf", "Infinity"));
    if (!(next > bound) || value < total) throw new Error(`the buckets of ${name} are out of order`);
    [bound, total] = [next, value];
  }
  if (bound !== Number.POSITIVE_INFINITY || total !== count.value) throw new Error(`${name} does not add up`);
}

/** @returns the values of all series that have these labels, added up; 0 where there is none yet. */
export function metricValue(families: MetricFamily[], name: string, labels: Record<string, string> = {}): number {
  const all = families.flatMap(({ samples }) => samples.filter((one) => one.name === name));
  const wanted = Object.entries(labels);
  return all
    .filter((one) => wanted.every(([label, value]) => one.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

export const seriesOf = (families: MetricFamily[]) =>
  families.flatMap(({ samples }) => samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`));

/** @param port where a service answers kubelets */
export async function scrape(port: number): Promise<{ text: string; families: MetricFamily[] }> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`answered ${response.status}: ${text}`);
  if (response.headers.get("content-type") !== "text/plain; version=0.0.4; charset=utf-8") {
    throw new Error(`a type that Prometheus does not know: ${response.headers.get("content-type")}`);
  }
  return { text, families: parseMetrics(text) };
}
