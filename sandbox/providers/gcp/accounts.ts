/** Service accounts by IAM's own call, so that it knows who makes them; what it answers is kept with the rest. */
import { z } from "zod";
import type { Google } from "../../../shared/google.ts";
import type { Properties } from "../machine/values.ts";

export interface AccountsApi {
  /** @returns what only IAM knows of it. @throws as IAM refuses it */
  make(inputs: Properties): Promise<Properties>;
}

const answerSchema = z.object({ uniqueId: z.string().regex(/^\d+$/) });

/** @param client with the credential of who deploys; made when first used */
export function accountsApi(client: () => Promise<Google>): AccountsApi {
  return {
    async make({ project, accountId, displayName, description }) {
      const serviceAccount = { displayName, description };
      const path = `/v1/projects/${String(project)}/serviceAccounts`;
      const made = await (await client()).call({
        ...{ api: "iam", method: "POST", path, json: { accountId, serviceAccount } },
      });
      return answerSchema.parse(await made.json());
    },
  };
}
