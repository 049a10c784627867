/** An account of the local cloud: its emulator, the node of its plane, the database server, and the customer's judge. */
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { judgeAccount } from "../../cloud/front/role-account.ts";
import type { Plane } from "../../hosts.ts";
import type { Paths } from "../../paths.ts";
import type { AccountName, Backing, NodeFacts } from "./cloud.ts";

/** Modules are imported when used: a run that changes nothing needs none of them. */
export function localBacking(paths: Paths, account: AccountName, plane: Plane): Backing {
  return {
    async connection() {
      const { operatorClient } = await import("../../cloud/client.ts");
      return operatorClient(paths, account);
    },
    async node(clusterName) {
      const { setClusterName } = await import("../../node/hooks.ts");
      setClusterName(paths, plane, clusterName);
      return JSON.parse(readFileSync(join(paths.node(plane), "facts.json"), "utf8")) as NodeFacts;
    },
    async databaseAdmin() {
      const { databaseAdmin } = await import("../../cloud/database.ts");
      return databaseAdmin(paths);
    },
    // The region's workloads call no AWS: nobody judges that account's roles.
    judge: account === "customer" ? judgeOf(paths) : undefined,
  };
}

function judgeOf(paths: Paths): Backing["judge"] {
  return {
    account: judgeAccount,
    async connection() {
      const { judge } = await import("../../cloud/object-store.ts");
      const { iamEndpoint, iamSigningRegion, accessKeyId, secretAccessKeyFile, authority } = judge(paths);
      return {
        region: iamSigningRegion,
        endpoint: iamEndpoint,
        credentials: { accessKeyId, secretAccessKey: readFileSync(secretAccessKeyFile, "utf8").trim() },
        requestHandler: { httpsAgent: new Agent({ keepAlive: true, ca: readFileSync(authority) }) },
      };
    },
  };
}
