/** An account of the local cloud: its emulator, the node of its plane, the database server, and the judge of its workloads. */
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { judgeAccount, roleAtJudge } from "../../cloud/front/role-account.ts";
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
    judge: judgeOf(paths, account),
  };
}

function judgeOf(paths: Paths, account: AccountName): Backing["judge"] {
  return {
    account: judgeAccount,
    roleName: (name) => roleAtJudge(account, name),
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
