/** Every value that the customer's two backends of secrets hold. */
import { GetSecretValueCommand, paginateListSecrets, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { customerCluster } from "./customer-cluster.ts";
import { here } from "./local-run.ts";

export const secretsManager = new SecretsManagerClient(operatorClient(here, "customer"));

/** By the name that the plane's settings call it. */
export const secretBackends = {
  kubernetes: async () => {
    const { items } = await customerCluster.core.listSecretForAllNamespaces();
    return items.flatMap(({ data = {} }) => Object.values(data).map((one) => Buffer.from(one, "base64").toString()));
  },
  "aws-secrets-manager": async () => {
    const found: string[] = [];
    for await (const { SecretList = [] } of paginateListSecrets({ client: secretsManager }, {}))
      for (const { ARN } of SecretList)
        found.push((await secretsManager.send(new GetSecretValueCommand({ SecretId: ARN }))).SecretString ?? "");
    return found;
  },
};

/** @returns the backends that hold the value, as it is or in base64 */
export async function backendsHolding(value: string): Promise<string[]> {
  const forms = [value, Buffer.from(value).toString("base64")];
  const all = Object.entries(secretBackends).map(async ([name, read]) =>
    (await read()).some((text) => forms.some((form) => text.includes(form))) ? [name] : [],
  );
  return (await Promise.all(all)).flat();
}
