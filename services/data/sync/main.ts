import { createClient } from "@connectrpc/connect";
import { z } from "zod";
import { ProjectDirectoryService } from "../../../gen/biplane/projects/v1/projects_pb.js";
import { keptKubeConfig } from "../../../shared/kube-config.ts";
import { upstream } from "../../shared/client.ts";
import { fileContent, httpUrl, jsonFile, label } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { followProjects } from "./directory.ts";
import { kubernetesObjects } from "./kubernetes-objects.ts";
import { settingsSchema } from "./settings.ts";
import { startSync } from "./sync.ts";

await runService({
  name: "sync",
  shape: {
    TUNNEL_URL: httpUrl,
    POD_NAMESPACE: label,
    /** The Deployment that this process belongs to: events are told of it. */
    SYNC_DEPLOYMENT: label,
    /** JSON: settings.ts. */
    PLAN_FILE: jsonFile(settingsSchema),
    /** By which task pods start sub-tasks. */
    TASK_KEY_FILE: fileContent,
    RESYNC_SECONDS: z.coerce.number().int().min(1).default(300),
  },
  parts: ({ config, log, tls }) => {
    const kube = keptKubeConfig();
    kube.loadFromDefault();
    const tunnel = upstream(config.TUNNEL_URL, tls);
    const place = { namespace: config.POD_NAMESPACE, name: config.SYNC_DEPLOYMENT };
    const objects = kubernetesObjects(kube, place);
    const sync = startSync({
      settings: config.PLAN_FILE,
      apiKey: config.TASK_KEY_FILE,
      objects,
      tell: objects.tell,
      log,
      everyMs: config.RESYNC_SECONDS * 1_000,
    });
    const stopping = new AbortController();
    const client = createClient(ProjectDirectoryService, tunnel.transport);
    const following = followProjects({ client, onList: (projects) => sync.know(projects), log }, stopping.signal);
    return {
      ready: () => sync.ready(),
      drain: () => stopping.abort(),
      async close() {
        await following;
        await sync.stop();
        tunnel.close();
      },
    };
  },
});
