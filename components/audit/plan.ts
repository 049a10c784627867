import { refusal } from "../../shared/errors.ts";

export interface AuditRetention {
  /** Days in which no record can be removed. @default 365 */
  lockDays: number;
  /** Days after which a record goes. @default 730 */
  keepDays: number;
  /** Days that records are kept for searching and for alarms. @default 365 */
  logDays: number;
}

/** Under it lie the audit records that the control plane's exporter adds, beside CloudTrail's own prefix. */
export const exportedRecords = "records/";

/** Where the exporter tells how far behind it is. */
export const exportMetrics = "Biplane/AuditExport";

export const defaultRetention: AuditRetention = { lockDays: 365, keepDays: 730, logDays: 365 };

/** What CloudWatch Logs takes; any other number is refused by it. */
const logRetentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** @throws UserError for days that S3 or CloudWatch Logs refuses, or that would end before the lock does. */
export function checkRetention({ lockDays, keepDays, logDays }: AuditRetention): void {
  if (!Number.isInteger(lockDays) || lockDays < 1) {
    throw refusal({ subject: "the audit's lock", value: lockDays, allowed: "a whole number of days from 1" });
  }
  if (!Number.isInteger(keepDays) || keepDays <= lockDays) {
    const allowed = `a whole number of days above the lock's ${lockDays}`;
    throw refusal({ subject: "the audit's retention", value: keepDays, allowed });
  }
  if (!logRetentions.includes(logDays)) {
    throw refusal({ subject: "the audit's searchable days", value: logDays, allowed: logRetentions.join(", ") });
  }
}
