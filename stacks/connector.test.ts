/** Both stacks of a customer who is reached through Cloudflare: what each adds, and that the two fit together. */
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { settled } from "../components/testing/settled.ts";
import { regionOutputs } from "./outputs.ts";
import { type Built, build, named, objects, podOf } from "./testing/built-stack.ts";
import { certificate, customerValues, image, regionValues } from "./testing/valid-config.ts";

const connector = `registry.test/cloudflared@sha256:${"c".repeat(64)}`;
const tunnelToken = "eyJhIjoidG9rZW4gb2YgYSB0dW5uZWwifQ==";

const tunnelReconcilerToken = "token-of-cloudflare-for-a-test";

let region: Built;
let customer: Built;

beforeAll(async () => {
  region = await build(
    regionValues({
      edge: { zoneId: "zone", zoneName: "biplane.test", accountId: "account", originPullCa: certificate },
      tenants: [
        { org: "acme", cluster: "main", egress: ["203.0.113.7/32"], tunnelHost: "acme.tunnels.biplane.test" },
        { org: "globex", cluster: "main", egress: ["203.0.113.8/32"], appsDomain: "apps.globex.biplane.test" },
      ],
      tunnelReconcilerToken,
    }),
    { slow: ["cloudflare:index/dnsRecord:DnsRecord"] },
  );
  customer = await build(customerValues({ images: { services: image, connector }, tunnelToken }));
}, 60_000);

/** A Secret's values, as they are mounted. */
function contentOf(built: Built, name: string): Record<string, string> {
  return z.record(z.string(), z.string()).parse(named(objects(built, "Secret"), name).inputs.stringData);
}

/** Ends of what a service may open connections to. */
function egressOf(built: Built, service: string): string {
  return JSON.stringify(named(objects(built, "NetworkPolicy"), service).inputs.spec);
}

describe("a region with a cluster behind Cloudflare", () => {
  it("tells the relay whom to dial and by which token, as it reads it", () => {
    expect(JSON.parse(contentOf(region, "connectors")["connectors.json"] ?? "")).toEqual({
      access: { clientId: expect.stringContaining("relay.access"), clientSecret: expect.stringContaining("secret of") },
      connectors: [{ org: "acme", cluster: "main", host: "acme.tunnels.biplane.test" }],
    });
    expect(JSON.stringify(podOf(named(objects(region, "Deployment"), "relay")))).toContain('"CONNECTORS_FILE"');
    expect(egressOf(region, "relay")).toContain('"port":443');
  });

  it("hands the tunnel's token to that customer alone", async () => {
    const { tenants } = z
      .object({ tenants: regionOutputs.shape.tenants })
      .parse(await settled({ tenants: region.outputs.tenants }));
    expect(tenants.acme?.tunnelToken).toBe("tunnel token");
    expect(tenants.globex).not.toHaveProperty("tunnelToken");
  });

  it("makes nothing of it where every cluster dials", async () => {
    const without = await build(regionValues());
    expect(without.all.filter(({ type }) => type.includes("zeroTrust"))).toEqual([]);
    expect(objects(without, "Secret").map(({ inputs }) => inputs.metadata.name)).not.toContain("connectors");
  });
});

describe("a region that puts its tunnels right by itself", () => {
  const service = "tunnel-reconciler";
  const deployments = (built: Built) => objects(built, "Deployment").map(({ inputs }) => inputs.metadata.name);

  it("tells the service of each tunnel, its host and where it leads, once they are there", () => {
    const told = named(objects(region, "ConfigMap"), "tunnels");
    const { "tunnels.json": text = "" } = z.record(z.string(), z.string()).parse(told.inputs.data);
    const place = { accountId: "account", zoneId: "zone", tunnelId: expect.stringMatching(/-main-id$/) };
    expect(JSON.parse(text)).toEqual({
      tunnels: [
        { ...place, host: "acme.tunnels.biplane.test", service: "tcp://127.0.0.1:8090" },
        { ...place, host: "*.apps.globex.biplane.test", service: "http://127.0.0.1:8081" },
      ],
    });
    const records = region.of("cloudflare:index/dnsRecord:DnsRecord").filter(({ inputs }) => inputs.type === "CNAME");
    const ofTunnels = records.filter(({ inputs }) => String(inputs.content).endsWith(".cfargotunnel.com"));
    expect(ofTunnels).toHaveLength(2);
    // So it is also gone before they go.
    for (const record of ofTunnels) expect(told.begun).toBeGreaterThan(record.ended);
  });

  it("gives it the token in a Secret that is shown nowhere else, and Cloudflare's own address", () => {
    const holding = region.all.filter(({ inputs }) => JSON.stringify(inputs).includes(tunnelReconcilerToken));
    expect(holding.map(({ type, name }) => [type, name])).toEqual([
      ["kubernetes:core/v1:Secret", "control-plane-cloudflare-token"],
    ]);
    const [container] = podOf(named(objects(region, "Deployment"), service)).containers;
    expect(container?.env).toEqual(
      expect.arrayContaining([
        { name: "CLOUDFLARE_API_URL", value: "https://api.cloudflare.com/client/v4" },
        { name: "CLOUDFLARE_TOKEN_FILE", value: "/etc/biplane/cloudflare/token" },
      ]),
    );
  });

  it("lets it out by TLS and nobody in", () => {
    const { ingress, egress } = JSON.parse(egressOf(region, service));
    expect(ingress).toEqual([]);
    expect(egress.flatMap(({ ports }: { ports: { port: number }[] }) => ports.map(({ port }) => port))).toEqual([443]);
  });

  it("is made neither without the token nor without a tunnel", async () => {
    const edge = { zoneId: "zone", zoneName: "biplane.test", accountId: "account", originPullCa: certificate };
    const tenants = [{ org: "acme", cluster: "main", egress: ["203.0.113.7/32"], tunnelHost: "a.biplane.test" }];
    const without = [regionValues({ edge, tenants }), regionValues({ tunnelReconcilerToken })];
    for (const values of without) {
      const built = await build(values);
      expect(deployments(built)).not.toContain(service);
      expect(JSON.stringify(built.all)).not.toContain("cloudflare-token");
    }
    expect(deployments(region)).toContain(service);
  }, 60_000);
});

describe("a customer who is reached through Cloudflare", () => {
  it("runs the connector beside the tunnel, which takes what it brings on loopback", () => {
    const { containers } = podOf(named(objects(customer, "Deployment"), "tunnel"));
    expect(containers).toHaveLength(2);
    const [tunnel, beside] = containers;
    expect(tunnel?.env).toContainEqual({ name: "CONNECTOR_PORT", value: "8090" });
    expect(beside).toMatchObject({
      name: "connector",
      image: connector,
      args: expect.arrayContaining(["--protocol", "http2", "--token-file", "/etc/biplane/connector/token"]),
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true },
      resources: { limits: { memory: expect.any(String) } },
      readinessProbe: { exec: { command: ["cloudflared", "tunnel", "--metrics", "127.0.0.1:20241", "ready"] } },
    });
    expect(JSON.stringify(beside)).not.toContain("0.0.0.0");
    expect(beside).not.toHaveProperty("ports");
  });

  it("keeps the token in a Secret, in no argument and no variable", () => {
    expect(contentOf(customer, "connector")).toEqual({ token: tunnelToken });
    expect(JSON.stringify(objects(customer, "Deployment"))).not.toContain(tunnelToken);
  });

  it("lets the tunnel out to Cloudflare's tunnels, and no other service", () => {
    expect(egressOf(customer, "tunnel")).toContain('"port":7844');
    const others = objects(customer, "NetworkPolicy").filter(({ inputs }) => inputs.metadata.name !== "tunnel");
    expect(others.length).toBeGreaterThan(3);
    expect(JSON.stringify(others)).not.toContain('"port":7844');
  });

  it("lets the API server admit the connector's image in the platform's namespace", () => {
    const policies = JSON.stringify(objects(customer, "ValidatingAdmissionPolicy").map(({ inputs }) => inputs));
    expect(policies).toContain("registry.test/cloudflared@");
  });
});
