/**
 * One operator per account: an access key of the object store (which verifies object requests by it; the front verifies
 * the rest), written as profiles for the SDKs and the aws command.
 */
import { existsSync, readFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  EntityAlreadyExistsException,
  IAMClient,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { accounts, awsRegion, names } from "../hosts.ts";
import type { Paths } from "../paths.ts";
import type { Operator } from "./front/config.ts";
import { judge } from "./object-store.ts";
import { writePrivate } from "./secret-file.ts";

/** As the region's stack names them (stacks/config/region.ts). */
const regionBuckets = "biplane-audit-";

type AccountName = keyof typeof accounts;
const accountNames = Object.keys(accounts) as AccountName[];

export const profileOf = (account: AccountName) => `biplane-${account}`;

/** The files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name. */
export function profileFiles(paths: Paths) {
  return { config: join(paths.credentials, "aws-config"), credentials: join(paths.credentials, "aws-credentials") };
}

export async function ensureOperators(paths: Paths): Promise<Operator[]> {
  const record = join(paths.cloud, "operators.json");
  if (!existsSync(record)) {
    const made = await Promise.all(accountNames.map((name) => makeOperator(paths, name)));
    writePrivate(record, JSON.stringify(made));
  }
  const operators = JSON.parse(readFileSync(record, "utf8")) as Operator[];
  writeProfiles(paths, operators);
  return operators;
}

async function makeOperator(paths: Paths, name: AccountName): Promise<Operator> {
  const { iamEndpoint, iamSigningRegion, accessKeyId, secretAccessKeyFile, authority } = judge(paths);
  const client = new IAMClient({
    endpoint: iamEndpoint,
    region: iamSigningRegion,
    credentials: { accessKeyId, secretAccessKey: readFileSync(secretAccessKeyFile, "utf8") },
    requestHandler: { httpsAgent: new Agent({ ca: readFileSync(authority) }) },
  });
  const UserName = `operator-${name}`;
  await client.send(new CreateUserCommand({ UserName })).catch((error: unknown) => {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
  });
  await client.send(
    new PutUserPolicyCommand({
      UserName,
      PolicyName: "administrator",
      PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: rightsOf(name) }),
    }),
  );
  // Of an earlier attempt that was killed before its keys were written down.
  const { AccessKeyMetadata = [] } = await client.send(new ListAccessKeysCommand({ UserName }));
  for (const { AccessKeyId } of AccessKeyMetadata)
    await client.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName }));
  client.destroy();
  if (!AccessKey?.AccessKeyId || !AccessKey.SecretAccessKey) throw new Error(`no access key was made for ${UserName}`);
  return {
    account: accounts[name],
    accessKeyId: AccessKey.AccessKeyId,
    secretAccessKey: AccessKey.SecretAccessKey,
  };
}

/** The object store knows one account: each operator is a stranger to the other's buckets only by this. */
function rightsOf(name: AccountName) {
  const regions = [`arn:aws:s3:::${regionBuckets}*`, `arn:aws:s3:::${regionBuckets}*/*`];
  const all = { Effect: "Allow", Action: "s3:*" };
  if (name === "region") return [{ ...all, Resource: regions }];
  return [
    { ...all, Resource: "*" },
    { Effect: "Deny", Action: "s3:*", Resource: regions },
  ];
}

function writeProfiles(paths: Paths, operators: Operator[]): void {
  const files = profileFiles(paths);
  const { authority } = judge(paths);
  const profiles = accountNames.map((name) => ({
    profile: profileOf(name),
    operator: operators.find(({ account }) => account === accounts[name]),
  }));
  writePrivate(
    files.config,
    profiles
      .map(({ profile }) =>
        [
          `[profile ${profile}]`,
          `region = ${awsRegion}`,
          `endpoint_url = https://${names.aws}`,
          `ca_bundle = ${authority}`,
          // The front serves one host name; a bucket is the first part of the path.
          "s3 =\n    addressing_style = path\n",
        ].join("\n"),
      )
      .join("\n"),
  );
  writePrivate(
    files.credentials,
    profiles
      .map(({ profile, operator }) =>
        [
          `[${profile}]`,
          `aws_access_key_id = ${operator?.accessKeyId}`,
          `aws_secret_access_key = ${operator?.secretAccessKey}\n`,
        ].join("\n"),
      )
      .join("\n"),
  );
}
