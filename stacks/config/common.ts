/** What several shapes know. Rules that span a whole part are the components' own, and run in the preview. */
import { z } from "zod";
import { awsId, oneOf, ownNetwork, peers, principalArn, region, text, whole, word } from "./words.ts";

export const common = {
  region,
  account: text("an account's number, 12 digits", /^\d{12}$/)
    .optional()
    .describe("Account that this stack is for; credentials of any other are refused. @default that of the credentials"),
  dataProtection: oneOf("on", "off").default("on").describe("on: what holds data cannot be destroyed. off: all can"),
  tags: z.record(z.string(), z.string()).default({}).describe("Your own tags, on every AWS resource beside ours"),
};

/** Which pods of this cluster, beside ours. */
const podsElsewhere = {
  namespace: word.describe("Namespace that it runs in"),
  labels: z
    .record(z.string(), z.string())
    .refine((labels) => Object.keys(labels).length > 0, { error: "at least one label" })
    .describe("Labels of its pods, such as app.kubernetes.io/name: prometheus"),
};

/** Of stacks that run services in a cluster. */
export const serving = {
  replicas: whole(1, 20).default(2).describe("Pods of each service that can run more than once"),
  autoscale: z
    .strictObject({ maxReplicas: whole(2, 100), cpuPercent: whole(10, 95).optional() })
    .optional()
    .describe("Pods by load, between replicas and maxReplicas; the cluster needs a metrics API. @default no"),
  dnsServers: z.array(peers).default([]).describe("DNS servers beside the cluster's own, such as a node-local cache"),
  operatorGroups: z
    .array(z.string())
    .default([])
    .describe("Kubernetes groups of your own people who may open sessions in pods"),
  scraper: z
    .strictObject(podsElsewhere)
    .optional()
    .describe(
      "Who may read the services' metrics, on port 9090 of their pods: docs/runbooks/watch-the-services.md. @default nobody",
    ),
  collector: z
    .strictObject({
      ...podsElsewhere,
      service: word.describe("Name of its Service"),
      port: whole(1, 65_535).default(4318).describe("Of the Service and of its pods, where OTLP is taken over HTTP"),
      ratio: z
        .number({ error: "a number from 0 to 1" })
        .min(0, { error: "a number from 0 to 1" })
        .max(1, { error: "a number from 0 to 1" })
        .default(0.1)
        .describe("Of the traces, how many are told"),
    })
    .optional()
    .describe("Whom the services tell traces to, an OpenTelemetry collector in this cluster. @default nobody"),
};

export const newNetwork = {
  cidr: ownNetwork.default("10.40.0.0/16"),
  zones: z
    .array(z.string())
    .min(2, { error: "at least 2 zones: databases and clusters span them" })
    .max(3, { error: "at most 3 zones" })
    .optional()
    .describe("Availability zones. @default the region's a, b and c"),
  natGateways: oneOf("per-zone", "one").default("per-zone").describe("one: cheaper, and a zone's loss is everybody's"),
};

export const existingNetwork = z
  .strictObject({
    vpcId: awsId("vpc"),
    publicSubnetIds: z.array(awsId("subnet")).default([]),
    privateSubnetIds: z.array(awsId("subnet")).min(2, { error: "at least 2 subnets, in the order of the zones" }),
    clusterSubnetIds: z.array(awsId("subnet")).optional(),
    natAddresses: z.array(z.string()).optional().describe("Public addresses that its traffic comes from"),
  })
  .describe("A network of yours: looked up, never changed");

const grants = z.discriminatedUnion("access", [
  z.strictObject({ name: word, principalArn, access: z.literal("cluster-admin") }),
  z.strictObject({ name: word, principalArn, access: z.literal("view"), namespaces: z.array(z.string()).optional() }),
  z.strictObject({ name: word, principalArn, access: z.literal("edit"), namespaces: z.array(z.string()) }),
  z.strictObject({ name: word, principalArn, access: z.literal("admin"), namespaces: z.array(z.string()) }),
  z.strictObject({ name: word, principalArn, access: z.literal("groups"), groups: z.array(z.string()) }),
]);
export const access = z
  .array(grants)
  .describe("Who may use the Kubernetes API; at least one cluster-admin, such as the role that runs Pulumi");

/** What every cloud's kinds of nodes have. @param most that the cloud lets a group of one zone have */
export const nodeKind = (most: number) => ({
  capacity: oneOf("on-demand", "spot").optional(),
  perZone: z.strictObject({ min: whole(0, most), max: whole(1, most) }),
  diskGib: whole(20, 16_384).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  taints: z
    .array(
      z.strictObject({
        key: z.string(),
        value: z.string().optional(),
        effect: oneOf("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"),
      }),
    )
    .optional(),
});

export const newCluster = {
  access,
  version: z.string().optional().describe("Kubernetes minor version. @default 1.34"),
  release: z.string().optional().describe("Release of the node images. @default the newest when a group is made"),
  nodeGroups: z
    .record(
      z.string(),
      z.strictObject({
        instanceTypes: z
          .array(z.string())
          .describe(
            "EC2 types. Where apps are served the claims need such as encrypt in transit between instances: m6i, m7i and m7a do, m5, m6g and t3 do not",
          ),
        architecture: oneOf("x86_64", "arm64").optional(),
        ...nodeKind(450),
      }),
    )
    .optional()
    .describe("Kinds of nodes, sizes of each zone. @default one kind, 1 to 5 nodes a zone"),
  publicApi: z.array(peers).default([]).describe("Networks that may reach the API over the internet. @default none"),
  autoscaler: text("an image by digest", /^\S+@sha256:[0-9a-f]{64}$/)
    .optional()
    .describe("Image of the Cluster Autoscaler for this Kubernetes version. @default the numbers of nodes stay"),
  ssm: z.boolean().default(false).describe("Lets Session Manager open a shell on the nodes"),
  diskDriver: z
    .boolean()
    .default(false)
    .describe("Installs EKS's EBS CSI driver, which makes disks for claims: a metrics store needs it"),
};

/** The zones that the design counts on; a region without them names its own. */
export function zonesOf({ region, network }: { region: string; network: { zones?: string[] } }): string[] {
  return network.zones ?? ["a", "b", "c"].map((letter) => `${region}${letter}`);
}
