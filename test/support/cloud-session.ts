/** Sessions at the cloud's STS by tokens of the customer's accounts, as their pods get them. */
import { S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleWithWebIdentityCommand, type Credentials, STSClient } from "@aws-sdk/client-sts";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { customerCluster } from "./customer-cluster.ts";
import { here } from "./local-run.ts";

const { core } = customerCluster;
export const operator = operatorClient(here, "customer");

export interface Account {
  namespace: string;
  name: string;
}

export const roleOf = async (account: Account) =>
  (await core.readNamespacedServiceAccount(account)).metadata?.annotations?.["eks.amazonaws.com/role-arn"] ?? "";

/**
 * @param RoleSessionName the platform's role asks for the one of its account. @default the account's name
 * @returns the session, or how it was refused
 */
export async function sessionOf(
  account: Account,
  RoleArn: string,
  RoleSessionName = account.name,
): Promise<{ given?: Credentials; refused: string }> {
  const spec = { audiences: ["sts.amazonaws.com"], expirationSeconds: 600 };
  const { status } = await core.createNamespacedServiceAccountToken({ ...account, body: { spec } });
  const asked = { RoleArn, RoleSessionName, WebIdentityToken: status?.token, DurationSeconds: 900 };
  try {
    const { Credentials: given } = await new STSClient(operator).send(new AssumeRoleWithWebIdentityCommand(asked));
    return { ...(given ? { given } : {}), refused: "" };
  } catch (error) {
    return { refused: String(error) };
  }
}

/** The object store, by such a session. */
export async function storeAs(account: Account, role: string): Promise<S3Client> {
  const { given, refused } = await sessionOf(account, role);
  if (!given) throw new Error(`${account.name} gets no session of ${role}: ${refused}`);
  const {
    AccessKeyId: accessKeyId = "",
    SecretAccessKey: secretAccessKey = "",
    SessionToken: sessionToken = "",
  } = given;
  return new S3Client({
    ...operator,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    forcePathStyle: true,
  });
}
