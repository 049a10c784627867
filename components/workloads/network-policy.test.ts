import { describe, expect, it } from "vitest";
import {
  denyAll,
  renderAllowDns,
  renderServicePolicy,
  renderTaskEgress,
  type Surroundings,
  tracesEnv,
} from "./network-policy.ts";
import type { Reach, ServiceSpec } from "./service-spec.ts";

const around: Surroundings = {
  dnsServers: ["198.51.100.53/32"],
  apiPort: 6443,
  database: { addresses: ["10.40.200.0/24"], port: 5432 },
};
const service = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  entry: `/app/${name}.mjs`,
  env: {},
  replicas: 1,
  ...more,
});
const pods = (name: string) => ({ podSelector: { matchLabels: { "app.kubernetes.io/name": name } } });
const tcp = (port: number) => [{ protocol: "TCP", port }];

const web = service("web", { calls: ["store"], publicPort: { port: 8443, nodePort: 30443 } });
const store = service("store", { rpcPort: 8080, reaches: ["database"] });

describe("renderServicePolicy", () => {
  it("names a call at both its ends, on its port", () => {
    expect(renderServicePolicy(web, [web, store], around)).toMatchObject({
      egress: [{ to: [pods("store")], ports: tcp(8080) }],
    });
    expect(renderServicePolicy(store, [web, store], around)).toMatchObject({
      ingress: [{ from: [pods("web")], ports: tcp(8080) }],
    });
  });

  it("does not let in a service that calls another one", () => {
    const cache = service("cache", { rpcPort: 8080 });
    const other = service("other", { calls: ["cache"] });
    const [rule] = [renderServicePolicy(store, [web, store, cache, other], around).ingress].flat();
    expect(rule).toMatchObject({ from: [pods("web")] });
  });

  it("lets nobody in where nobody calls", () => {
    expect(renderServicePolicy(store, [store], around).ingress).toEqual([]);
  });

  it("opens a public port to every source, and only that port", () => {
    expect(renderServicePolicy(web, [web, store], around).ingress).toEqual([{ ports: tcp(8443) }]);
  });

  it("opens a webhook's port to where the API server may call from, and only that port", () => {
    const hook = service("hook", { rpcPort: 8080, webhookPort: 8443 });
    const ingress = (egress?: Surroundings["egress"]) =>
      renderServicePolicy(hook, [web, store, hook], { ...around, egress }).ingress;
    expect(ingress()).toEqual([
      { from: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }], ports: tcp(8443) },
    ]);
    expect(ingress({ cloudflareRanges: true, endpoints: ["10.40.0.0/16"] })).toEqual([
      { from: [{ ipBlock: { cidr: "10.40.0.0/16" } }], ports: tcp(8443) },
    ]);
  });

  it("lets the named scraper in where every service has its metrics, and nobody where none is named", () => {
    const scraper = { namespace: "monitoring", labels: { "app.kubernetes.io/name": "prometheus" } };
    const from = [
      {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
        podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
      },
    ];
    for (const spec of [web, store]) {
      const without = [renderServicePolicy(spec, [web, store], around).ingress].flat();
      const withIt = [renderServicePolicy(spec, [web, store], { ...around, scraper }).ingress].flat();
      expect(JSON.stringify(without)).not.toContain("9090");
      expect(withIt.filter((rule) => JSON.stringify(rule).includes("9090"))).toEqual([{ from, ports: tcp(9090) }]);
      expect(withIt).toHaveLength(without.length + 1);
    }
  });

  it("lets every service out to the collector, on its port, and names it to them", () => {
    const labels = { "app.kubernetes.io/name": "opentelemetry-collector" };
    const collector = { namespace: "monitoring", labels, service: "otel", port: 4318, ratio: 0.5 };
    for (const spec of [web, store]) {
      const rules = (where: Surroundings) => [renderServicePolicy(spec, [web, store], where).egress].flat();
      const to = [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
          podSelector: { matchLabels: labels },
        },
      ];
      expect(JSON.stringify(rules(around))).not.toContain("4318");
      expect(rules({ ...around, collector }).filter((rule) => JSON.stringify(rule).includes("4318"))).toEqual([
        { to, ports: tcp(4318) },
      ]);
      expect(rules({ ...around, collector })).toHaveLength(rules(around).filter(Boolean).length + 1);
    }
    expect(tracesEnv(collector)).toEqual({
      TRACES_URL: "http://otel.monitoring.svc.cluster.local:4318/v1/traces",
      TRACES_RATIO: "0.5",
    });
    expect(tracesEnv(undefined)).toEqual({});
  });

  it("lets only the database's addresses be reached on its port", () => {
    expect(renderServicePolicy(store, [web, store], around).egress).toEqual([
      { to: [{ ipBlock: { cidr: "10.40.200.0/24" } }], ports: tcp(5432) },
    ]);
  });

  it("reaches TLS anywhere but at the metadata addresses", () => {
    const outward = service("outward", { reaches: ["internet"] });
    expect(renderServicePolicy(outward, [outward], around).egress).toEqual([
      { to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }], ports: tcp(443) },
    ]);
  });

  it("narrowed, reaches only Cloudflare's ranges and the named networks, the Kubernetes API among them", () => {
    const egress = { cloudflareRanges: true as const, endpoints: ["10.40.0.0/16"] };
    const outward = service("outward", { reaches: ["internet", "kubernetes-api"] });
    const text = JSON.stringify(renderServicePolicy(outward, [outward], { ...around, egress }));
    expect(text).not.toContain("0.0.0.0/0");
    expect(text.match(/10\.40\.0\.0\/16/g)).toHaveLength(2);
    expect(text.match(/104\.16\.0\.0\/13/g)).toHaveLength(1);
  });

  it("narrowed, reaches the region only where it speaks to it, and the customer's cloud only where it works there", () => {
    const egress = { cloudflareRanges: true as const, endpoints: ["10.40.0.0/16"], region: ["203.0.113.0/24"] };
    const text = (reach: Reach) => {
      const one = service("one", { reaches: [reach] });
      return JSON.stringify(renderServicePolicy(one, [one], { ...around, egress }).egress);
    };
    for (const own of ["own-cloud", "kubernetes-api"] as const) {
      expect(text(own)).toContain("10.40.0.0/16");
      expect(text(own)).not.toMatch(/203\.0\.113|104\.16/);
    }
    expect(text("region")).toMatch(/104\.16.*203\.0\.113/);
    expect(text("region")).not.toContain("10.40.0.0/16");
  });

  it("selects its own pods and decides both ways", () => {
    expect(renderServicePolicy(web, [web, store], around)).toMatchObject({
      ...pods("web"),
      policyTypes: ["Ingress", "Egress"],
    });
  });

  it("refuses a call to what does not serve, and a database where there is none", () => {
    const lost = service("lost", { calls: ["nobody"] });
    expect(() => renderServicePolicy(lost, [lost], around)).toThrow(/lost calls nobody/);
    expect(() => renderServicePolicy(store, [store], { ...around, database: undefined })).toThrow(
      /store reaches a database/,
    );
  });
});

describe("what holds for a whole namespace", () => {
  it("denies everything both ways by an empty selector without rules", () => {
    expect(denyAll).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });

  it("allows DNS to the cluster's own servers and the named ones", () => {
    const [rule] = [renderAllowDns(around).egress].flat();
    expect(rule).toMatchObject({
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
          podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
        },
        { ipBlock: { cidr: "198.51.100.53/32" } },
      ],
    });
  });

  it("gives task pods TLS outward and no way in", () => {
    const policy = renderTaskEgress();
    expect(policy).toMatchObject({ policyTypes: ["Ingress", "Egress"], egress: [{ ports: tcp(443) }] });
    expect(policy).not.toHaveProperty("ingress");
  });
});
