/** What a bucket refuses, whoever asks: plain HTTP, and TLS older than 1.2; its objects and the bucket itself. */
export interface BucketStatement {
  Sid: string;
  Effect: "Allow" | "Deny";
  Principal: "*" | { Service: string };
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

const oldestTls = "1.2";

/** @param more what a service of AWS's may do to this bucket. @default nothing */
export function renderBucketPolicy(bucketArn: string, more: BucketStatement[] = []) {
  const everything = {
    Effect: "Deny" as const,
    Principal: "*" as const,
    Action: "s3:*",
    Resource: [bucketArn, `${bucketArn}/*`],
  };
  const statements: BucketStatement[] = [
    ...more,
    { Sid: "TlsOnly", ...everything, Condition: { Bool: { "aws:SecureTransport": "false" } } },
    { Sid: "ModernTlsOnly", ...everything, Condition: { NumericLessThan: { "s3:TlsVersion": oldestTls } } },
  ];
  return { Version: "2012-10-17" as const, Statement: statements };
}
