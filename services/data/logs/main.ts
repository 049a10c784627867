import { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import { EventService } from "../../../gen/biplane/events/v1/events_pb.js";
import { LogService } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { logSink } from "../../shared/auth/audit.ts";
import { statedAuthorizer } from "../../shared/auth/authorizer.ts";
import { tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { label, tokenShape } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { eventService } from "./event-service.ts";
import { kubernetesEvents } from "./kubernetes-events.ts";
import { kubernetesLogs } from "./kubernetes-logs.ts";
import { logService } from "./service.ts";

await runService({
  name: "logs",
  shape: {
    ...tokenShape,
    ORG: label,
    /** Namespaces of the projects served, such as demo-development, with commas between. */
    PROJECT_NAMESPACES: z
      .string()
      .transform((list) => list.split(","))
      .pipe(z.array(label).min(1)),
  },
  parts: ({ config, log }) => {
    const kube = new KubeConfig();
    kube.loadFromDefault();
    const namespaces = new Set(config.PROJECT_NAMESPACES);
    const served = { org: config.ORG, namespaces };
    const logs = kubernetesLogs(kube);
    const lines = logService({ ...served, logs, log });
    const events = eventService({ ...served, events: kubernetesEvents(kube, logs.readPod), log });
    const users = userIssuer(config);
    return {
      rpc: {
        routes: (router) => void router.service(LogService, lines).service(EventService, events),
        verify: tokenVerifier([users]),
        authorize: statedAuthorizer(users),
        audit: logSink(log),
      },
    };
  },
});
