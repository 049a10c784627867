/** A customer's account, made once with the organisation's own credentials. Everything else runs inside of it. */
import { CustomerAccount } from "../components/account/aws.ts";
import type { CustomerAccountConfig } from "./config.ts";
import { openCloud } from "./foundation.ts";
import type { CustomerAccountOutputs, Pending } from "./outputs.ts";

export function customerAccount(config: CustomerAccountConfig): Pending<CustomerAccountOutputs> {
  const cloud = openCloud({ region: config.region });
  const { accountId, accessRoleArn } = new CustomerAccount(
    config.accountName,
    { ...config, dataProtection: config.dataProtection === "on" },
    { providers: [cloud] },
  );
  return { accountId, accessRoleArn };
}
