/** What each trail records, and the bucket that it writes to. */
import {
  type AdvancedEventSelector,
  CloudTrailClient,
  DescribeTrailsCommand,
  type EventSelector,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail,
} from "@aws-sdk/client-cloudtrail";
import { GetBucketLoggingCommand, type S3Client } from "@aws-sdk/client-s3";
import type { TrailEventsFact } from "../../../facts-baseline.ts";
import { type Account, clientConfig } from "../../aws-clients.ts";
import { readBlock, s3ClientOf } from "./buckets.ts";

export async function readTrailEvents(account: Account): Promise<TrailEventsFact[]> {
  const client = new CloudTrailClient(clientConfig(account));
  const s3 = s3ClientOf(account);
  const { trailList = [] } = await client.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
  return Promise.all(trailList.map((trail) => readTrail(client, s3, trail)));
}

/** Of a trail whose bucket is another account's, that account says whether this one may look: where not, it is not read. */
async function readTrail(client: CloudTrailClient, s3: S3Client, trail: Trail): Promise<TrailEventsFact> {
  const arn = trail.TrailARN ?? "";
  const bucket = trail.S3BucketName ?? "";
  const [selected, status, logging, bucketBlocked] = await Promise.all([
    client.send(new GetEventSelectorsCommand({ TrailName: arn })),
    client.send(new GetTrailStatusCommand({ Name: arn })),
    s3.send(new GetBucketLoggingCommand({ Bucket: bucket })),
    readBlock(s3, bucket),
  ]);
  const delivered = status.LatestCloudWatchLogsDeliveryTime;
  return {
    arn,
    bucket,
    bucketBlocked,
    bucketLogged: logging.LoggingEnabled?.TargetBucket !== undefined,
    ...eventsOf(selected.EventSelectors ?? [], selected.AdvancedEventSelectors ?? []),
    ...(delivered ? { logsHoursAgo: (Date.now() - delivered.getTime()) / 3_600_000 } : {}),
  };
}

type Events = Pick<TrailEventsFact, "management" | "objects">;

/** A trail has selectors of one kind or of the other. */
export function eventsOf(basic: EventSelector[], advanced: AdvancedEventSelector[]): Events {
  const events: Events = { management: { reads: false, writes: false }, objects: { reads: [], writes: [] } };
  for (const selector of basic) addBasic(events, selector);
  for (const selector of advanced) addAdvanced(events, selector);
  return events;
}

function addBasic({ management, objects }: Events, selector: EventSelector): void {
  const kind = selector.ReadWriteType ?? "All";
  const [reads, writes] = [kind !== "WriteOnly", kind !== "ReadOnly"];
  // Who leaves a service out does not record it all.
  if (selector.IncludeManagementEvents !== false && (selector.ExcludeManagementEventSources ?? []).length === 0) {
    management.reads ||= reads;
    management.writes ||= writes;
  }
  for (const { Type, Values = [] } of selector.DataResources ?? []) {
    if (Type !== "AWS::S3::Object") continue;
    if (reads) objects.reads.push(...Values);
    if (writes) objects.writes.push(...Values);
  }
}

/** One that is narrower than what is asked for here, by whatever field, does not count. */
function addAdvanced({ management, objects }: Events, { FieldSelectors = [] }: AdvancedEventSelector): void {
  const rest = new Map(FieldSelectors.map(({ Field = "", ...conditions }) => [Field, conditions]));
  const take = (field: string) => {
    const conditions = rest.get(field);
    rest.delete(field);
    return conditions;
  };
  const category = take("eventCategory")?.Equals?.join();
  const readOnly = take("readOnly")?.Equals?.join();
  const [reads, writes] = [readOnly !== "false", readOnly !== "true"];
  if (category === "Management" && rest.size === 0) {
    management.reads ||= reads;
    management.writes ||= writes;
  }
  if (category !== "Data" || take("resources.type")?.Equals?.join() !== "AWS::S3::Object") return;
  const { StartsWith: prefixes = [], ...narrower } = take("resources.ARN") ?? { StartsWith: ["arn:aws:s3"] };
  // One that takes some of them out again tells of no prefix whole.
  if (rest.size > 0 || Object.values(narrower).some((values) => values !== undefined)) return;
  if (reads) objects.reads.push(...prefixes);
  if (writes) objects.writes.push(...prefixes);
}
