/** Reads what the benchmark looks at of a region's account, in every region that the account has enabled. */
import { DescribeRegionsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { STSClient } from "@aws-sdk/client-sts";
import { decidedBy } from "../../../benchmark/table.ts";
import type { Collected, Fact } from "../../../facts.ts";
import type { BaselineFacts } from "../../../facts-baseline.ts";
import type { ControlPlane } from "../../../target.ts";
import { attempt } from "../../attempt.ts";
import { clientConfig } from "../../aws-clients.ts";
import { readPrincipals } from "../../principals.ts";
import { readBuckets, readPublicAccess } from "./buckets.ts";
import { readCredentials, readPasswordPolicy, readRoot, readServerCertificates } from "./credentials.ts";
import { readNetworks } from "./networks.ts";
import { readAnalyzers, readDiskDefaults, readRecorders, readSealing } from "./places.ts";
import { readTrailEvents } from "./trails.ts";
import { readLogFilters, readSubscribed } from "./watch.ts";

type Pending = { [K in keyof BaselineFacts]: Promise<Fact<BaselineFacts[K]>> };

export function startBaseline(target: ControlPlane): Pending {
  const config = clientConfig(target);
  const iam = new IAMClient(config);
  const regions = readRegions(new EC2Client(config));
  // Who reads them says so; one that nobody waits for any more is no failure of the process.
  regions.catch(() => undefined);
  const inEach = <T>(read: (config: Config) => Promise<T>) => ofEach(target, regions, read);
  const tried = <K extends keyof BaselineFacts>(name: K, words: string, read: () => Promise<BaselineFacts[K]>) =>
    attempt(`${words}; for ${decidedBy(name)}`, read);
  return {
    regionRoot: tried("regionRoot", "iam get-account-summary, list-virtual-mfa-devices", () => readRoot(iam)),
    regionPasswordPolicy: tried("regionPasswordPolicy", "iam get-account-password-policy", () =>
      readPasswordPolicy(iam),
    ),
    regionCredentials: tried("regionCredentials", "iam get-credential-report", () => readCredentials(iam)),
    regionPrincipals: tried("regionPrincipals", "iam get-account-authorization-details", () =>
      readPrincipals({ iam, sts: new STSClient(config) }),
    ),
    regionServerCertificates: tried("regionServerCertificates", "iam list-server-certificates", () =>
      readServerCertificates(iam),
    ),
    regionBuckets: tried("regionBuckets", "s3 list-buckets, settings of each", () => readBuckets(target)),
    regionPublicAccess: tried("regionPublicAccess", "s3control get-public-access-block", () =>
      readPublicAccess(config, target.account),
    ),
    regionTrailEvents: tried("regionTrailEvents", "cloudtrail describe-trails, events and bucket of each", () =>
      readTrailEvents(target),
    ),
    regionLogFilters: tried("regionLogFilters", "logs describe-metric-filters", () => readLogFilters(config)),
    regionSubscribed: tried("regionSubscribed", "sns list-subscriptions", () => readSubscribed(config)),
    regionAnalyzers: tried("regionAnalyzers", "accessanalyzer list-analyzers in each region", () =>
      inEach(readAnalyzers),
    ),
    regionDiskDefaults: tried("regionDiskDefaults", "ec2 get-ebs-encryption-by-default in each region", () =>
      inEach(readDiskDefaults),
    ),
    regionRecorders: tried("regionRecorders", "configservice: recorders and their status in each region", () =>
      inEach(readRecorders),
    ),
    regionSealing: tried(
      "regionSealing",
      "rds describe-db-instances, kms: keys and their rotation in each region",
      () => inEach(readSealing),
    ),
    regionNetworks: tried("regionNetworks", "ec2: networks, flow logs, access lists and groups in each region", () =>
      inEach(readNetworks),
    ),
  };
}

type Config = ReturnType<typeof clientConfig>;

/** Those that something of the account can be in. The answer has one page. */
async function readRegions(ec2: EC2Client): Promise<string[]> {
  const { Regions = [] } = await ec2.send(new DescribeRegionsCommand({ AllRegions: false }));
  return Regions.flatMap(({ RegionName }) => RegionName ?? []);
}

/** One after the other: there are some twenty, and the first that is refused ends it. */
async function ofEach<T>(
  { aws }: ControlPlane,
  regions: Promise<string[]>,
  read: (config: Config) => Promise<T>,
): Promise<(T & { region: string })[]> {
  const found: (T & { region: string })[] = [];
  for (const region of await regions) found.push({ region, ...(await read(clientConfig({ aws, region }))) });
  return found;
}

export type BaselineCollected = Pick<Collected, keyof BaselineFacts>;
