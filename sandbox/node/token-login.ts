/** Who may log in to one cluster by a token of `aws eks get-token`: the one operator of its account. */
import { existsSync, readFileSync } from "node:fs";
import { names } from "../hosts.ts";
import { accessKeyOf } from "./aws-profile.ts";
import { judgeToken, type Verdict } from "./eks-token.ts";

export interface TokenLogin {
  /** Keys of the people who may log in: an AWS credentials file and the profile in it. */
  credentialsFile: string;
  profile: string;
  /** Written when the cluster is created in the cloud; until then nobody logs in by token. */
  clusterNameFile: string;
}

/** Both files can appear and change while the process runs. */
export function judgeLogin({ credentialsFile, profile, clusterNameFile }: TokenLogin, token: string): Verdict {
  if (!existsSync(clusterNameFile)) return { accepted: false, reason: "the cluster has no name in the cloud yet" };
  if (!existsSync(credentialsFile)) return { accepted: false, reason: "there are no cloud credentials yet" };
  const key = accessKeyOf(readFileSync(credentialsFile, "utf8"), profile);
  return judgeToken(token, {
    now: new Date(),
    host: names.aws,
    clusterName: readFileSync(clusterNameFile, "utf8").trim(),
    secretOf: (id) => (id === key?.id ? key.secret : undefined),
  });
}
