/** What is backed up when, and for how long it is kept, as data. */
import { refusal } from "../../shared/errors.ts";

export interface BackupSchedule {
  /** `hh:mm`, UTC; an hour away from RDS's own windows, in which it takes no snapshot. @default 06:30 */
  dailyAt: string;
  /** Days in the region's own vault. @default 35 */
  retentionDays: number;
  /** Days of the copy in the second region. @default 90 */
  copyRetentionDays: number;
}

export const defaultSchedule: BackupSchedule = { dailyAt: "06:30", retentionDays: 35, copyRetentionDays: 90 };

/** Before it a recovery point can be removed by nobody; a week is time enough to notice a theft of rights. */
export const lockedDays = 7;
/** The longest that AWS Backup keeps. */
const longestDays = 36_500;

export interface Regions {
  region: string;
  copyRegion: string;
}

/** @throws UserError before anything is made, for what AWS Backup would refuse or would make worthless. */
export function checkBackup({ region, copyRegion }: Regions, schedule: BackupSchedule): void {
  if (copyRegion === region) {
    throw refusal({
      subject: "the second region of backups",
      value: copyRegion,
      allowed: `another region than ${region}`,
      todo: "A copy beside the original is lost with it.",
    });
  }
  if (areaOf(copyRegion) !== areaOf(region)) {
    throw refusal({
      subject: "the second region of backups",
      value: copyRegion,
      allowed: `a region of the same area as ${region}, ${areaOf(region)}-…`,
      todo: "What was promised to stay in an area leaves it by its backup, too.",
    });
  }
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(schedule.dailyAt)) {
    throw refusal({ subject: "the time of the daily backup", value: schedule.dailyAt, allowed: "hh:mm, UTC" });
  }
  for (const [subject, value] of [
    ["the retention of backups", schedule.retentionDays],
    ["the retention of copied backups", schedule.copyRetentionDays],
  ] as const) {
    if (Number.isInteger(value) && value >= lockedDays && value <= longestDays) continue;
    const allowed = `a whole number of days from ${lockedDays}, for which the vault is locked, to ${longestDays}`;
    throw refusal({ subject, value, allowed });
  }
}

/** The part of a region's name before the first "-": us, eu, ap. */
function areaOf(region: string): string {
  return region.split("-")[0] ?? region;
}

export interface Rule {
  ruleName: string;
  schedule: string;
  scheduleExpressionTimezone: string;
  startWindow: number;
  completionWindow: number;
  enableContinuousBackup: boolean;
  lifecycle: { deleteAfter: number };
}

/**
 * One snapshot a day. Never continuous: point-in-time recovery belongs to RDS alone, and two owners of it would each
 * set the instance's retention. Windows in minutes.
 */
export function planDailySnapshot({ dailyAt, retentionDays }: BackupSchedule): Rule {
  const [hours, minutes] = dailyAt.split(":").map(Number);
  return {
    ruleName: "daily",
    schedule: `cron(${minutes} ${hours} * * ? *)`,
    scheduleExpressionTimezone: "Etc/UTC",
    startWindow: 60,
    completionWindow: 360,
    enableContinuousBackup: false,
    lifecycle: { deleteAfter: retentionDays },
  };
}
