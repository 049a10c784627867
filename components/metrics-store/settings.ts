/** The store's configuration, as Prometheus reads it: JSON, which YAML holds. */
import { filesFolder } from "../workloads/service-spec.ts";
import { measures, readerName, scrapeSeconds, storeName } from "./contract.ts";

const account = "/var/run/secrets/kubernetes.io/serviceaccount";
const tls = `${filesFolder}/tls`;

/** Of one node: 500 containers, each with what a kubelet tells of it and of its pod. */
const sampleLimit = 5_000;

export const configFile = "prometheus.json";
export const webFile = "web.json";

/**
 * Of each kubelet its `/metrics/resource`, which has the two measures of every container and hardly anything else; of
 * these the projects' containers. What else a series is marked with says what a node is called, and goes.
 */
export function renderSettings(projectNamespaces: readonly string[]): Record<string, string> {
  const keep = (label: string, words: readonly string[]) => ({
    source_labels: [label],
    regex: words.join("|"),
    action: "keep",
  });
  const config = {
    global: { scrape_interval: `${scrapeSeconds}s`, scrape_timeout: "10s" },
    scrape_configs: [
      {
        job_name: "kubelets",
        scheme: "https",
        metrics_path: "/metrics/resource",
        sample_limit: sampleLimit,
        body_size_limit: "16MB",
        follow_redirects: false,
        authorization: { credentials_file: `${account}/token` },
        tls_config: { ca_file: `${account}/ca.crt`, min_version: "TLS12" },
        kubernetes_sd_configs: [{ role: "node" }],
        metric_relabel_configs: [
          keep("__name__", Object.values(measures)),
          // A namespace's name knows no character that means anything in an expression but itself.
          keep("namespace", projectNamespaces),
          { regex: "__name__|namespace|pod|container", action: "labelkeep" },
        ],
      },
    ],
  };
  const web = {
    tls_server_config: {
      cert_file: `${tls}/tls.crt`,
      key_file: `${tls}/tls.key`,
      client_ca_file: `${tls}/ca.crt`,
      client_auth_type: "RequireAndVerifyClientCert",
      min_version: "TLS13",
    },
  };
  return { [configFile]: text(config), [webFile]: text(web) };
}

function text(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Who signs both ends' certificates, and nothing else. */
export const authorityName = `${storeName} and ${readerName}`;
