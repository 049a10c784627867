import { refusal } from "../../shared/errors.ts";

/** When the database may be worked on, UTC. */
export interface Windows {
  /** Daily, `hh:mm-hh:mm`. @default 03:00-04:00 */
  backup: string;
  /** Weekly, `ddd:hh:mm-ddd:hh:mm`. @default sun:04:30-sun:05:30 */
  maintenance: string;
}

export const defaultWindows: Windows = { backup: "03:00-04:00", maintenance: "sun:04:30-sun:05:30" };

const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const dayMinutes = 24 * 60;
const weekMinutes = 7 * dayMinutes;
/** RDS takes none shorter. */
const shortestMinutes = 30;

interface Span {
  start: number;
  length: number;
}

/** @throws UserError if RDS would refuse one, or both together: they must not meet on any day. */
export function checkWindows({ backup, maintenance }: Windows): void {
  const time = "([01]\\d|2[0-3]):([0-5]\\d)";
  const daily = new RegExp(`^${time}-${time}$`).exec(backup);
  const day = `(${days.join("|")})`;
  const weekly = new RegExp(`^${day}:${time}-${day}:${time}$`).exec(maintenance);
  if (!daily) throw refusal({ subject: "the backup window", value: backup, allowed: "hh:mm-hh:mm, UTC" });
  if (!weekly) {
    throw refusal({ subject: "the maintenance window", value: maintenance, allowed: "ddd:hh:mm-ddd:hh:mm, UTC" });
  }
  const backups = span(minutes(daily[1], daily[2]), minutes(daily[3], daily[4]), dayMinutes);
  const start = dayMinutes * days.indexOf(weekly[1] ?? "") + minutes(weekly[2], weekly[3]);
  const work = span(start, dayMinutes * days.indexOf(weekly[4] ?? "") + minutes(weekly[5], weekly[6]), weekMinutes);
  for (const [subject, value, { length }] of [
    ["the backup window", backup, backups],
    ["the maintenance window", maintenance, work],
  ] as const) {
    if (length < shortestMinutes || length > dayMinutes) {
      throw refusal({ subject, value, allowed: `${shortestMinutes} minutes to 24 hours` });
    }
  }
  if (days.some((_, at) => overlap({ ...backups, start: backups.start + at * dayMinutes }, work))) {
    const allowed = `a time outside the daily backup window ${backup}`;
    throw refusal({ subject: "the maintenance window", value: maintenance, allowed });
  }
}

function minutes(hours = "0", rest = "0"): number {
  return Number(hours) * 60 + Number(rest);
}

function span(start: number, end: number, circle: number): Span {
  return { start, length: (end - start + circle) % circle || circle };
}

/** On the circle of a week, where the last hour is followed by the first. */
function overlap(a: Span, b: Span): boolean {
  const fromTo = (from: Span, to: Span) => (((to.start - from.start) % weekMinutes) + weekMinutes) % weekMinutes;
  return fromTo(a, b) < a.length || fromTo(b, a) < b.length;
}
