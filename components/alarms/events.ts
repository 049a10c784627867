/** What is told of the account's own calls: rules on single events, and counters over the audit's log group. */

export interface EventAlarm {
  id: string;
  description: string;
  pattern: { source: string[]; "detail-type": string[]; detail: Record<string, string[]> };
}

/** From the moment that a key is off, everything under it is dark; a deletion can be called back only while it waits. */
export const keyEvents: EventAlarm = {
  id: "key-disabled",
  description: "A KMS key was disabled or is to be deleted",
  pattern: {
    source: ["aws.kms"],
    "detail-type": ["AWS API Call via CloudTrail"],
    detail: { eventSource: ["kms.amazonaws.com"], eventName: ["DisableKey", "ScheduleKeyDeletion"] },
  },
};

export interface LogAlarm {
  id: string;
  description: string;
  /** A CloudWatch Logs filter over CloudTrail's records. */
  pattern: string;
}

/** Sources: CIS AWS Foundations Benchmark, monitoring, root account usage and CloudTrail changes. */
export const logAlarms: readonly LogAlarm[] = [
  {
    id: "root-use",
    description: "Somebody used the account's root user",
    pattern:
      '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
  },
  {
    id: "trail-change",
    description: "The recording of API calls was changed or stopped",
    pattern:
      '{ $.eventSource = "cloudtrail.amazonaws.com" && ($.eventName = "StopLogging" || $.eventName = "DeleteTrail" || $.eventName = "UpdateTrail" || $.eventName = "PutEventSelectors") }',
  },
];
