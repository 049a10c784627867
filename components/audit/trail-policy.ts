/** What CloudTrail may do to the bucket of records: look at its ACL and add files of one trail, under one prefix. */
import type { BucketStatement } from "../buckets/policy.ts";

export interface TrailPlace {
  account: string;
  region: string;
  /** Name of the trail. */
  trail: string;
}

export function trailArn({ account, region, trail }: TrailPlace): string {
  return `arn:aws:cloudtrail:${region}:${account}:trail/${trail}`;
}

export function trailDelivery(bucketArn: string, place: TrailPlace): BucketStatement[] {
  const service = { Service: "cloudtrail.amazonaws.com" };
  const ofTrail = { "aws:SourceArn": trailArn(place) };
  return [
    {
      Sid: "TrailLooksAtAcl",
      Effect: "Allow",
      Principal: service,
      Action: "s3:GetBucketAcl",
      Resource: bucketArn,
      Condition: { StringEquals: ofTrail },
    },
    {
      Sid: "TrailAdds",
      Effect: "Allow",
      Principal: service,
      Action: "s3:PutObject",
      Resource: `${bucketArn}/AWSLogs/${place.account}/*`,
      Condition: { StringEquals: { ...ofTrail, "s3:x-amz-acl": "bucket-owner-full-control" } },
    },
  ];
}
