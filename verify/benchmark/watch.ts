/** Section 4 of the benchmark: what somebody is told of. */
import type { LogFilterFact } from "../facts-baseline.ts";
import { fail, pass } from "../outcome.ts";
import { parseFilter } from "./filter-pattern.ts";
import type { BenchmarkFacts, Judged } from "./judged.ts";
import { samples } from "./samples.ts";

type Watched = keyof typeof samples;

export const watch = Object.fromEntries(
  (Object.keys(samples) as Watched[]).map((number) => [
    number,
    {
      judge: (facts) => judgeEvents(number, facts),
      broken: `nobody is told of ${nameOf(samples[number].at(-1))}`,
      breakIt: ({ regionLogFilters }) => {
        const last = samples[number].at(-1);
        const catching = regionLogFilters.filters.filter(({ pattern }) => parseFilter(pattern)?.(last));
        for (const filter of catching) filter.pattern = '{ $.eventName = "NothingOfTheKind" }';
        return catching.length > 0 ? undefined : false;
      },
    } satisfies Judged,
  ]),
) as Record<Watched, Judged>;

function nameOf(event: Readonly<Record<string, unknown>> | undefined): string {
  const { eventName, errorCode, errorMessage, userIdentity } = event ?? {};
  const root = (userIdentity as { type: string }).type === "Root" ? "the root user's " : "";
  return `${root}${[eventName, errorCode ?? errorMessage].filter(Boolean).join(", ")}`;
}

/** Together the filters are to catch every event of it, each with an alarm that reaches somebody. */
function judgeEvents(number: Watched, facts: BenchmarkFacts) {
  const live = facts.regionLogFilters.filters.filter((filter) => reachesSomebody(filter, facts));
  const tests = live.map(({ pattern }) => parseFilter(pattern));
  const missed = samples[number].filter((event) => !tests.some((test) => test?.(event)));
  const missing = missed.map(nameOf).join("; ");
  return [missed.length > 0 ? fail("account", `nobody is told of ${missing}`) : pass("account", "an alarm tells it")];
}

function reachesSomebody({ group, metrics }: LogFilterFact, facts: BenchmarkFacts): boolean {
  const { region } = facts.regionLogFilters;
  // The filters are this region's: a group of the same name may stand elsewhere, as an organisation's does.
  const whole = `:logs:${region}:${facts.regionPrincipals.account}:log-group:${group}:*`;
  const telling = facts.regionTrailEvents.filter(({ management }) => management.reads && management.writes);
  const fed = facts.regionTrails.some(
    ({ arn, logging, allRegions, logGroup }) =>
      logging && allRegions && logGroup?.endsWith(whole) && telling.some((trail) => trail.arn === arn),
  );
  return (
    fed &&
    facts.regionAlarms.some(
      ({ namespace, metric, dimensions, enabled, actions }) =>
        enabled &&
        // The filters give their metrics none, so an alarm that asks for one hears nothing.
        Object.keys(dimensions).length === 0 &&
        metrics.some((one) => one.namespace === namespace && one.name === metric) &&
        actions.some((action) => facts.regionSubscribed.topics.includes(action)),
    )
  );
}
