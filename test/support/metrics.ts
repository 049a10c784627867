/** What Prometheus would read of each service of a plane. */
import { execa } from "execa";
import { z } from "zod";
import { metricsHost } from "../../components/workloads/service-spec.ts";
import { network, type Plane } from "../../sandbox/hosts.ts";
import { enterNetwork } from "../../sandbox/network/namespace.ts";
import { type MetricFamily, parseMetrics } from "../../services/shared/testing/prometheus.ts";
import { kubectl, platform } from "./kubectl.ts";

export interface Scraped {
  pod: string;
  /** As its label names it. */
  service: string;
  text: string;
  families: MetricFamily[];
}

/** Is called with an authority, the name that it vouches for, and addresses. Answers their texts, as JSON. */
const fetchAll = `import { get } from "node:https";
const [ca, servername, ...hosts] = process.argv.slice(1);
const texts = hosts.map((host) => new Promise((resolve, reject) => {
  get({ host, port: 9090, path: "/metrics", ca, servername, agent: false }, async (answer) => {
    let text = "";
    for await (const piece of answer.setEncoding("utf8")) text += piece;
    if (answer.statusCode === 200) resolve(text);
    else reject(new Error(host + ": " + answer.statusCode));
  }).once("error", reject);
}));
process.stdout.write(JSON.stringify(await Promise.all(texts)));`;

/** Of every pod of ours that runs and stays, in a cluster of the local run's own: from its node, which may always reach its pods. */
export async function scrapeAll(plane: Plane): Promise<Scraped[]> {
  const selector = "--selector=app.kubernetes.io/part-of=biplane";
  const query = ["get", "pods", `--namespace=${platform[plane]}`, selector, "--field-selector=status.phase=Running"];
  const { items } = podList.parse(JSON.parse(await kubectl(plane, ...query, "-o", "json")));
  const pods = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const authority = ["get", "configmap", "services-authority", `--namespace=${platform[plane]}`];
  const trusted = authorityMap.parse(JSON.parse(await kubectl(plane, ...authority, "-o", "json"))).data["ca.crt"];
  const asked = [trusted, metricsHost(platform[plane]), ...pods.map(({ status }) => status.podIP)];
  const [command = "", ...args] = enterNetwork(network.hosts[plane].namespace);
  const { stdout } = await execa(command, [
    ...args,
    process.execPath,
    "--input-type=module",
    "-e",
    fetchAll,
    "--",
    ...asked,
  ]);
  const texts = z.array(z.string()).parse(JSON.parse(stdout));
  return pods.map(({ metadata: { name, labels } }, at) => {
    const text = texts[at] ?? "";
    return { pod: name, service: labels["app.kubernetes.io/name"] ?? "", text, families: parseMetrics(text) };
  });
}

const authorityMap = z.object({ data: z.object({ "ca.crt": z.string() }) });

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()),
        deletionTimestamp: z.string().optional(),
      }),
      status: z.object({ podIP: z.string() }),
    }),
  ),
});
