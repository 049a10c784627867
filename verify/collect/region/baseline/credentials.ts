/** What signs in to the account: the root user, passwords, keys and certificates; no value of any. */
import {
  GetAccountPasswordPolicyCommand,
  GetAccountSummaryCommand,
  GetCredentialReportCommand,
  type IAMClient,
  paginateListServerCertificates,
  paginateListVirtualMFADevices,
  type VirtualMFADevice,
} from "@aws-sdk/client-iam";
import type { BaselineFacts, PasswordPolicyFact, RootFact } from "../../../facts-baseline.ts";
import { absent } from "../../attempt.ts";
import { parseCredentialReport } from "./credential-report.ts";

/** @throws where IAM leaves out what it is asked for */
export async function readRoot(client: IAMClient): Promise<RootFact> {
  const { SummaryMap: told } = await client.send(new GetAccountSummaryCommand({}));
  const keys = told?.AccountAccessKeysPresent;
  const factor = told?.AccountMFAEnabled;
  if (keys === undefined || factor === undefined) throw new Error("IAM tells nothing of the root user");
  const devices: VirtualMFADevice[] = [];
  for await (const page of paginateListVirtualMFADevices({ client }, { AssignmentStatus: "Assigned" }))
    devices.push(...(page.VirtualMFADevices ?? []));
  return {
    accessKeys: keys > 0,
    secondFactor: factor > 0,
    virtualFactor: devices.some(({ User }) => User?.Arn?.endsWith(":root") === true),
  };
}

export async function readPasswordPolicy(client: IAMClient): Promise<PasswordPolicyFact> {
  const told = await absent(["NoSuchEntityException", "NoSuchEntity"], () =>
    client.send(new GetAccountPasswordPolicyCommand({})),
  );
  const policy = told?.PasswordPolicy;
  return { minimumLength: policy?.MinimumPasswordLength ?? 0, remembered: policy?.PasswordReusePrevention ?? 0 };
}

/**
 * The report is taken as somebody had it made within the last four hours. To have it made is no read, so it is not asked
 * for here: IAM then says that there is none, and how to ask.
 */
export async function readCredentials(client: IAMClient): Promise<BaselineFacts["regionCredentials"]> {
  const { Content, GeneratedTime } = await client.send(new GetCredentialReportCommand({}));
  if (!Content || !GeneratedTime) throw new Error("there is no report: run `aws iam generate-credential-report` first");
  return { at: GeneratedTime.toISOString(), users: parseCredentialReport(Buffer.from(Content).toString()) };
}

export async function readServerCertificates(client: IAMClient): Promise<BaselineFacts["regionServerCertificates"]> {
  const certificates = [];
  const now = Date.now();
  for await (const page of paginateListServerCertificates({ client }, {})) {
    for (const { ServerCertificateName: name = "", Expiration } of page.ServerCertificateMetadataList ?? []) {
      if (!Expiration) throw new Error(`IAM does not tell when the certificate ${name} ends`);
      certificates.push({ name, until: Expiration.toISOString(), expired: Expiration.getTime() <= now });
    }
  }
  return { certificates };
}
