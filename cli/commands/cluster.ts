import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import {
  ClusterAdminService,
  type ClusterState,
  ListClustersResponseSchema,
} from "../../gen/biplane/cluster/v1/registration_pb.js";
import { asked, connectApi } from "../api.ts";
import type { CommandOptions } from "../config.ts";
import { plainTable, printJson, timeText } from "../print.ts";

const client = async (config: string | undefined) => createClient(ClusterAdminService, await connectApi(config));

export async function clusterList({ json, config }: CommandOptions<"clusterList">): Promise<number> {
  const answer = await asked((await client(config)).listClusters({}));
  if (json) {
    printJson(toJson(ListClustersResponseSchema, answer));
    return 0;
  }
  const head = ["cluster", "", "heard of", "version", "tunnels", "certificate until"];
  const table = plainTable(head);
  for (const state of answer.clusters) {
    const { cluster, heardAt, version, connections, certificateUntil } = state;
    table.push([cluster, words(state), timeText(heardAt), version, connections, timeText(certificateUntil)]);
  }
  process.stdout.write(`${table.toString()}\n`);
  return 0;
}

export async function clusterRevoke({ name, config }: CommandOptions<"clusterRevoke">): Promise<number> {
  await asked((await client(config)).revokeCluster({ cluster: name }));
  process.stdout.write(
    `All that ${name} holds is out of use: its connections are cut within a minute, and no new one is let in. What runs ` +
      "there goes on. It comes back by another registration token in both stacks.\n",
  );
  return 0;
}

function words({ healthy, revokedAt }: ClusterState): string {
  if (revokedAt) return `revoked ${timeText(revokedAt)}`;
  return healthy ? "healthy" : "not heard of";
}
