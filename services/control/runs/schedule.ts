/** When a trigger is due. Pure: from its automation and the clock to times; nothing here fires anything. */
import { Cron } from "croner";
import {
  type Cron as CronMessage,
  type FixedRate,
  FixedRateUnit,
  type TriggerAutomationSpec,
  TriggerAutomationSpecType as Type,
} from "../../../gen/flyteidl2/task/common_pb.js";
import { invalid, unimplemented } from "../../shared/errors.ts";
import { dateOf } from "../../shared/times.ts";

export interface Schedule {
  /** @returns the first time after `now`; nothing where there is none. */
  first(now: Date): Date | undefined;
  /**
   * What is to be done about a time that has come.
   * @param due at or before `now`, and a time of this schedule.
   * @returns the latest time up to `now`, which fires for all that were missed since `due`, and the next one.
   */
  at(due: Date, now: Date): { fire: Date; next: Date | undefined };
}

const minuteMs = 60_000;
const unitMs: Partial<Record<FixedRateUnit, number>> = {
  [FixedRateUnit.MINUTE]: minuteMs,
  [FixedRateUnit.HOUR]: 60 * minuteMs,
  [FixedRateUnit.DAY]: 24 * 60 * minuteMs,
};
const longestMs = 3660 * 24 * 60 * minuteMs;

/**
 * @returns nothing for a trigger that is run on demand only.
 * @throws ConnectError invalid_argument for a schedule that cannot be kept, unimplemented for triggers on artifacts.
 */
export function readSchedule(automation: TriggerAutomationSpec | undefined): Schedule | undefined {
  const { type, automation: by } = automation ?? { type: Type.TYPE_NONE, automation: { case: undefined } };
  if (type === Type.TYPE_ARTIFACT || by.case === "artifact") throw unimplemented("a trigger on artifacts");
  if (by.case === undefined && (type === Type.TYPE_NONE || type === Type.TYPE_UNSPECIFIED)) return undefined;
  const expression = by.case === "schedule" ? by.value.expression : { case: undefined };
  switch (expression.case) {
    case "cron":
      return cronSchedule(expression.value);
    case "cronExpression":
      return cronSchedule({ expression: expression.value, timezone: "" });
    case "rate":
      return rateSchedule(expression.value);
    default:
      throw invalid({ subject: "automation_spec", allowed: "a schedule with cron or rate, or the type NONE" });
  }
}

/**
 * A job at fixed hours and minutes runs once a day, whatever the clocks do: at the first minute after an hour that is
 * left out, and at the first of two. One with `*` or a step follows the clock: it skips the one and runs in both.
 */
function cronSchedule({ expression, timezone }: Pick<CronMessage, "expression" | "timezone">): Schedule {
  const cron = parseCron(expression, timeZone(timezone));
  // Whole seconds are what the library counts in.
  const after = (at: Date) => cron.nextRun(at) ?? undefined;
  if (!after(new Date())) {
    throw invalid({ subject: "cron expression", value: expression, allowed: "one that comes again" });
  }
  return {
    first: after,
    at(due, now) {
      const reference = new Date(Math.floor(now.getTime() / 1000) * 1000 + 1000);
      const [latest] = cron.previousRuns(1, reference);
      return { fire: latest && latest > due ? latest : due, next: after(now) };
    },
  };
}

const value = "(?:\\d{1,2}|[A-Za-z]{3})";
const part = `(?:\\*|${value}-${value})(?:/\\d{1,2})?|${value}`;
/** Five fields as crontab(5) has them, and none of what libraries add to it. */
const fiveFields = new RegExp(`^(?:(?:${part})(?:,(?:${part}))*(?:[ \\t]+|$)){5}$`);

function parseCron(expression: string, timezone: string): Cron {
  const allowed = 'minute, hour, day of month, month, day of week, such as "30 6 * * 1-5"';
  const text = expression.trim();
  const refused = () => invalid({ subject: "cron expression", value: expression.slice(0, 200), allowed });
  if (text.length > 200 || !fiveFields.test(text)) throw refused();
  try {
    return new Cron(text, { paused: true, mode: "5-part", timezone, fixedTimeRule: "no-wildcard" });
  } catch {
    // What the library says of it is about its own dialects.
    throw refused();
  }
}

function timeZone(name: string): string {
  if (name === "") return "UTC";
  const refused = () =>
    invalid({
      subject: "time zone",
      value: name.slice(0, 80),
      allowed: "a name of the IANA list, such as Europe/Paris",
    });
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) throw refused();
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw refused();
  }
}

function rateSchedule({ value: count, unit, startTime }: FixedRate): Schedule {
  const stepMs = count * (unitMs[unit] ?? Number.NaN);
  if (!(stepMs >= minuteMs && stepMs <= longestMs)) {
    const given = `${count} ${FixedRateUnit[unit] ?? unit}`;
    throw invalid({ subject: "rate", value: given, allowed: "1 minute to ten years, in minutes, hours or days" });
  }
  const start = startTime && dateOf("rate.start_time", startTime);
  const later = (from: Date, steps: number) => new Date(from.getTime() + steps * stepMs);
  const stepsTo = (from: Date, now: Date) => Math.floor((now.getTime() - from.getTime()) / stepMs);
  return {
    first(now) {
      if (!start) return later(now, 1);
      return start > now ? start : later(start, stepsTo(start, now) + 1);
    },
    at(due, now) {
      const fire = later(due, Math.max(0, stepsTo(due, now)));
      return { fire, next: later(fire, 1) };
    },
  };
}
