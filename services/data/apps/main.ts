import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { keptKubeConfig } from "../../../shared/kube-config.ts";
import { upstream } from "../../shared/client.ts";
import { hostName, httpUrl, label } from "../../shared/config.ts";
import { aborted } from "../../shared/pause.ts";
import { runService } from "../../shared/service.ts";
import { startElection } from "../executor/election.ts";
import { leaseObject } from "../executor/lease-object.ts";
import { type Apps, startApps } from "./apps.ts";
import { kubernetesAppCluster } from "./cluster.ts";
import { followApps } from "./informers.ts";

const amount = z.string().regex(/^\d+(\.\d+)?(m|[KMGT]i?)?$/, "must be a Kubernetes quantity such as 500m or 1Gi");
const names = z.string().transform((list) => list.split(",").filter((name) => name !== ""));

await runService({
  name: "apps",
  shape: {
    TUNNEL_URL: httpUrl,
    ORG: label,
    CONTROL_PLANE_HOST: hostName,
    /** Apps are served at `<app>-<project>-<domain>.<this>`. */
    APPS_DOMAIN: hostName,
    /** Namespaces of the projects served, such as demo-development, with commas between. */
    PROJECT_NAMESPACES: names.pipe(z.array(label).min(1)),
    /** Those of them that are made by the sync service, and may not be there yet. */
    ON_DEMAND_NAMESPACES: names.default([]),
    EAGER_SECRET: z.string().min(1),
    /** Where apps write: `<scheme>://<metadata bucket>`. */
    DATA_ROOT: z.string().regex(/^(s3|gs|abfs):\/\/[^/]+$/),
    POD_NAMESPACE: label,
    /** Lease of this namespace by which one of several replicas is chosen to work. */
    LEADER_LEASE: label,
    APP_CPU_REQUEST: amount.default("50m"),
    APP_CPU_LIMIT: amount.default("1"),
    APP_CPU_MAXIMUM: amount.default("16"),
    APP_MEMORY_REQUEST: amount.default("128Mi"),
    APP_MEMORY_LIMIT: amount.default("1Gi"),
    APP_MEMORY_MAXIMUM: amount.default("64Gi"),
  },
  parts: ({ config, log, tls }) => {
    const kube = keptKubeConfig();
    kube.loadFromDefault();
    const tunnel = upstream(config.TUNNEL_URL, tls);
    const served = { namespaces: config.PROJECT_NAMESPACES, onDemand: new Set(config.ON_DEMAND_NAMESPACES) };
    let apps: Apps | undefined;
    const election = startElection({
      store: leaseObject(kube, config.POD_NAMESPACE, config.LEADER_LEASE),
      identity: `${hostname()}-${randomBytes(4).toString("hex")}`,
      log,
      lead: async (signal) => {
        apps = startApps({
          cluster: kubernetesAppCluster(kube),
          watch: (changed, stopping) => followApps(kube, served, changed, log, stopping),
          upstream: tunnel,
          appsDomain: config.APPS_DOMAIN,
          log,
          settings: {
            org: config.ORG,
            controlPlaneHost: config.CONTROL_PLANE_HOST,
            eagerSecret: config.EAGER_SECRET,
            dataRoot: config.DATA_ROOT,
            namespaces: new Set(config.PROJECT_NAMESPACES),
            resources: {
              defaultRequests: { cpu: config.APP_CPU_REQUEST, memory: config.APP_MEMORY_REQUEST },
              defaultLimits: { cpu: config.APP_CPU_LIMIT, memory: config.APP_MEMORY_LIMIT },
              maximum: { cpu: config.APP_CPU_MAXIMUM, memory: config.APP_MEMORY_MAXIMUM },
            },
          },
        });
        await aborted(signal);
        await apps.stop();
        apps = undefined;
      },
    });
    return {
      // A replica that waits for its turn is as ready as the one that works.
      ready: () => (apps ?? election).ready(),
      close: async () => {
        await election.stop();
        tunnel.close();
      },
    };
  },
});
