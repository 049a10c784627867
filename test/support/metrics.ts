/** What Prometheus would read of each service of a plane. */
import { execa } from "execa";
import { z } from "zod";
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

/** Answers the texts of the addresses that it is called with, as JSON. */
const fetchAll = `const texts = process.argv.slice(1).map(async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(url + ": " + answer.status);
  return answer.text();
});
process.stdout.write(JSON.stringify(await Promise.all(texts)));`;

/** Of every pod of ours that runs, in a cluster of the local run's own: from its node, which may always reach its pods. */
export async function scrapeAll(plane: Plane): Promise<Scraped[]> {
  const selector = "--selector=app.kubernetes.io/part-of=biplane";
  const query = ["get", "pods", `--namespace=${platform[plane]}`, selector, "--field-selector=status.phase=Running"];
  const pods = podList.parse(JSON.parse(await kubectl(plane, ...query, "-o", "json"))).items;
  const urls = pods.map(({ status }) => `http://${status.podIP}:9090/metrics`);
  const [command = "", ...args] = enterNetwork(network.hosts[plane].namespace);
  const { stdout } = await execa(command, [...args, process.execPath, "--input-type=module", "-e", fetchAll, ...urls]);
  const texts = z.array(z.string()).parse(JSON.parse(stdout));
  return pods.map(({ metadata: { name, labels } }, at) => {
    const text = texts[at] ?? "";
    return { pod: name, service: labels["app.kubernetes.io/name"] ?? "", text, families: parseMetrics(text) };
  });
}

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
      status: z.object({ podIP: z.string() }),
    }),
  ),
});
