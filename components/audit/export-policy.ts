/** Who may add audit records to the bucket: one role, each object once. Not even an administrator slips one in. */
import type { BucketStatement } from "../buckets/policy.ts";
import { exportedRecords } from "./plan.ts";

export function exportDelivery(bucketArn: string, exporterRoleArn: string): BucketStatement[] {
  const add = {
    Effect: "Deny" as const,
    Principal: "*" as const,
    Action: "s3:PutObject",
    Resource: `${bucketArn}/${exportedRecords}*`,
  };
  return [
    { Sid: "OnlyExporterAdds", ...add, Condition: { ArnNotEquals: { "aws:PrincipalArn": exporterRoleArn } } },
    // Whoever does not ask that nothing be there would put a new version over a record.
    { Sid: "EachRecordOnce", ...add, Condition: { Null: { "s3:if-none-match": "true" } } },
  ];
}
