/**
 * DescribeCluster as EKS answers it of the clusters that exist here: the emulator keeps a cluster's configuration and
 * makes up where it is reached; endpoint, authority and issuer are those of the local node.
 */
import { existsSync, readFileSync } from "node:fs";
import { splitTarget } from "./exchange.ts";
import type { WholeAnswer } from "./upstream.ts";

interface NodeFacts {
  endpoint: string;
  certificateAuthorityData: string;
  issuer: string;
}

/** @param factsFile of the account's node; without it the emulator's answer stays as it is. */
export function describedCluster(
  method: string,
  target: string,
  factsFile: string | undefined,
  made: WholeAnswer,
): WholeAnswer {
  if (method !== "GET" || made.status !== 200 || !/^\/clusters\/[^/]+$/.test(splitTarget(target).path)) return made;
  if (factsFile === undefined || !existsSync(factsFile)) return made;
  const facts = JSON.parse(readFileSync(factsFile, "utf8")) as NodeFacts;
  const answer = JSON.parse(made.body.toString()) as { cluster: Record<string, unknown> };
  const cluster = {
    ...answer.cluster,
    endpoint: facts.endpoint,
    certificateAuthority: { data: facts.certificateAuthorityData },
    identity: { oidc: { issuer: facts.issuer } },
  };
  return { ...made, body: Buffer.from(JSON.stringify({ ...answer, cluster })) };
}
