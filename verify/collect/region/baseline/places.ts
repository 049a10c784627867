/** Of one region of the account. */
import { AccessAnalyzerClient, type AnalyzerSummary, paginateListAnalyzers } from "@aws-sdk/client-accessanalyzer";
import {
  ConfigServiceClient,
  type ConfigurationRecorder,
  DescribeConfigurationRecorderStatusCommand,
  DescribeConfigurationRecordersCommand,
} from "@aws-sdk/client-config-service";
import { EC2Client, GetEbsEncryptionByDefaultCommand } from "@aws-sdk/client-ec2";
import { type DBInstance, paginateDescribeDBInstances, RDSClient } from "@aws-sdk/client-rds";
import type { BaselineFacts } from "../../../facts-baseline.ts";
import type { clientConfig } from "../../aws-clients.ts";
import { readKeys } from "../keys.ts";

type Config = ReturnType<typeof clientConfig>;
/** Without the region's name, which whoever goes through them all adds. */
export type Place<K extends keyof BaselineFacts> = BaselineFacts[K] extends (infer T)[] ? Omit<T, "region"> : never;

/** Of outside access: an analyzer of unused access tells nothing of that. */
export async function readAnalyzers(config: Config): Promise<Place<"regionAnalyzers">> {
  const client = new AccessAnalyzerClient(config);
  const found: AnalyzerSummary[] = [];
  for await (const page of paginateListAnalyzers({ client }, {})) found.push(...(page.analyzers ?? []));
  const active = found.filter(
    ({ status, type }) => status === "ACTIVE" && (type === "ACCOUNT" || type === "ORGANIZATION"),
  );
  return { active: active.map(({ name = "" }) => name) };
}

export async function readDiskDefaults(config: Config): Promise<Place<"regionDiskDefaults">> {
  const told = await new EC2Client(config).send(new GetEbsEncryptionByDefaultCommand({}));
  return { encrypted: told.EbsEncryptionByDefault === true };
}

/** Neither answer has pages. */
export async function readRecorders(config: Config): Promise<Place<"regionRecorders">> {
  const client = new ConfigServiceClient(config);
  const { ConfigurationRecorders = [] } = await client.send(new DescribeConfigurationRecordersCommand({}));
  const { ConfigurationRecordersStatus: told = [] } = await client.send(
    new DescribeConfigurationRecorderStatusCommand({}),
  );
  return {
    recorders: ConfigurationRecorders.map((recorder) => {
      const status = told.find(({ name }) => name === recorder.name);
      const last = status?.lastStatus?.toUpperCase() ?? "";
      return { name: recorder.name ?? "", ...kindsOf(recorder), recording: status?.recording === true, last };
    }),
  };
}

function kindsOf({ recordingGroup }: ConfigurationRecorder): { all: boolean; global: boolean } {
  const all = recordingGroup?.allSupported === true;
  return { all, global: all && recordingGroup?.includeGlobalResourceTypes === true };
}

export async function readSealing(config: Config): Promise<Place<"regionSealing">> {
  const client = new RDSClient(config);
  const found: DBInstance[] = [];
  for await (const page of paginateDescribeDBInstances({ client }, {})) found.push(...(page.DBInstances ?? []));
  return {
    databases: found.map(({ DBInstanceArn, StorageEncrypted }) => ({
      arn: DBInstanceArn ?? "",
      encrypted: StorageEncrypted === true,
    })),
    keys: await readKeys(config),
  };
}
