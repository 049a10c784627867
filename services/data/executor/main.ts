import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { keptKubeConfig } from "../../../shared/kube-config.ts";
import { upstream } from "../../shared/client.ts";
import { hostName, httpUrl, label } from "../../shared/config.ts";
import { gauge } from "../../shared/metrics.ts";
import { aborted } from "../../shared/pause.ts";
import { runService } from "../../shared/service.ts";
import { clouds, openReader, schemeOf } from "../objectstore/open.ts";
import { cloudPods } from "./cloud-pods.ts";
import { startElection } from "./election.ts";
import { type Executor, type ExecutorOptions, startExecutor } from "./executor.ts";
import { startCaches } from "./informers.ts";
import { kubernetesCluster } from "./kubernetes-cluster.ts";
import { leaseObject } from "./lease-object.ts";
import { quantity } from "./resources.ts";
import { storedResults } from "./results.ts";
import { kubernetesRetirement, retire } from "./retirement.ts";

const amount = z.string().refine(isQuantity, "must be a Kubernetes quantity such as 500m or 1Gi");
const seconds = z.coerce.number().int().min(0);

const leads = gauge("biplane_executor_leads", "1 on the replica that works, 0 on one that waits for its turn", {});

function isQuantity(text: string): boolean {
  try {
    return quantity(text) >= 0;
  } catch {
    // The schema names the setting, its value and what it must be.
    return false;
  }
}

await runService({
  name: "executor",
  shape: {
    TUNNEL_URL: httpUrl,
    ORG: label,
    CLOUD: clouds,
    STORAGE_ACCOUNT: z.string().optional(),
    CLUSTER_NAME: label,
    CONTROL_PLANE_HOST: hostName,
    /** Namespaces of the projects served, such as demo-development, with commas between. */
    PROJECT_NAMESPACES: z
      .string()
      .transform((list) => list.split(","))
      .pipe(z.array(label).min(1)),
    /** Those of them that are made by the sync service, and may not be there yet. */
    ON_DEMAND_NAMESPACES: z
      .string()
      .default("")
      .transform((list) => new Set(list.split(",").filter((name) => name !== ""))),
    EAGER_SECRET: z.string().min(1),
    POD_NAMESPACE: label,
    /** Lease of this namespace by which one of several replicas is chosen to work. */
    LEADER_LEASE: label,
    /** The Deployment that this process belongs to. */
    EXECUTOR_DEPLOYMENT: label,
    /** Of the services, by digest, whose program the task `build-image` runs; and who builds for it. */
    IMAGE_BUILD_IMAGE: z.string().min(1).optional(),
    IMAGE_BUILDER_URL: httpUrl.optional(),
    /** PEM: the authority by which the builder is known. */
    IMAGE_BUILDER_CA: z.string().min(1).optional(),
    LEASE_CAPACITY: z.coerce.number().int().min(1).default(50),
    TASK_CPU_REQUEST: amount.default("50m"),
    TASK_CPU_LIMIT: amount.default("1"),
    TASK_CPU_MAXIMUM: amount.default("16"),
    TASK_MEMORY_REQUEST: amount.default("128Mi"),
    TASK_MEMORY_LIMIT: amount.default("1Gi"),
    TASK_MEMORY_MAXIMUM: amount.default("64Gi"),
    SYSTEM_RETRIES: z.coerce.number().int().min(0).default(3),
    /** How long an image may be unavailable before the attempt fails. */
    START_GRACE_SECONDS: seconds.default(60),
    /** How long ended actions, their pods and so their live logs are kept. */
    HISTORY_SECONDS: seconds.default(3_600),
  },
  parts: ({ config, log, tls }) => {
    const kube = keptKubeConfig();
    kube.loadFromDefault();
    const tunnel = upstream(config.TUNNEL_URL, tls);
    const served = { namespaces: config.PROJECT_NAMESPACES, onDemand: config.ON_DEMAND_NAMESPACES };
    const options: ExecutorOptions = {
      cluster: kubernetesCluster(kube, served.onDemand),
      watch: (events, signal) => startCaches(kube, served, events, log, signal),
      namespaces: config.PROJECT_NAMESPACES,
      upstream: tunnel,
      results: storedResults(openReader(config.CLOUD), schemeOf[config.CLOUD]),
      worker: `${config.CLUSTER_NAME}/executor`,
      capacity: config.LEASE_CAPACITY,
      log,
      settings: {
        org: config.ORG,
        systemRetries: config.SYSTEM_RETRIES,
        startGraceMs: config.START_GRACE_SECONDS * 1_000,
        historyMs: config.HISTORY_SECONDS * 1_000,
        pod: {
          org: config.ORG,
          controlPlaneHost: config.CONTROL_PLANE_HOST,
          eagerSecret: config.EAGER_SECRET,
          cloud: cloudPods(config.CLOUD, config.STORAGE_ACCOUNT),
          ...(config.IMAGE_BUILD_IMAGE && config.IMAGE_BUILDER_URL && config.IMAGE_BUILDER_CA
            ? {
                builds: {
                  image: config.IMAGE_BUILD_IMAGE,
                  builderUrl: config.IMAGE_BUILDER_URL,
                  builderCa: config.IMAGE_BUILDER_CA,
                },
              }
            : {}),
          resources: {
            defaultRequests: { cpu: config.TASK_CPU_REQUEST, memory: config.TASK_MEMORY_REQUEST },
            defaultLimits: { cpu: config.TASK_CPU_LIMIT, memory: config.TASK_MEMORY_LIMIT },
            maximum: { cpu: config.TASK_CPU_MAXIMUM, memory: config.TASK_MEMORY_MAXIMUM },
          },
        },
      },
    };
    let executor: Executor | undefined;
    leads.read({}, () => (executor ? 1 : 0));
    const election = startElection({
      store: leaseObject(kube, config.POD_NAMESPACE, config.LEADER_LEASE),
      identity: `${hostname()}-${randomBytes(4).toString("hex")}`,
      log,
      lead: async (signal) => {
        executor = startExecutor(options);
        await aborted(signal);
        await executor.stop();
        executor = undefined;
      },
    });
    return {
      // A replica that waits for its turn is as ready as the one that works.
      ready: () => (executor ?? election).ready(),
      close: async () => {
        await election.stop();
        const deployment = { namespace: config.POD_NAMESPACE, name: config.EXECUTOR_DEPLOYMENT };
        const retirement = kubernetesRetirement(kube, deployment, served);
        await retire(retirement, kubernetesCluster(kube), log);
        tunnel.close();
      },
    };
  },
});
