/** A customer's stack that serves apps, and one that does not. */
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { settled } from "../components/testing/settled.ts";
import { regionOutputs } from "./outputs.ts";
import { type Built, build, managedIn, managersTold, named, objects, podOf } from "./testing/built-stack.ts";
import { servesApps as apps, certificate, customerValues, image, regionValues } from "./testing/valid-config.ts";

let plain: Built;
let serving: Built;
let reached: Built;
let region: Built;

const connector = `registry.test/cloudflared@sha256:${"c".repeat(64)}`;
const appsTunnelToken = "eyJhIjoidG9rZW4gb2YgYXBwcyJ9ICB+Pz8/ICA==";

beforeAll(async () => {
  plain = await build(customerValues());
  serving = await build(customerValues({ apps, approvedRegistries: ["registry.test/tasks"] }));
  reached = await build(customerValues({ apps, images: { services: image, connector }, appsTunnelToken }));
  region = await build(
    regionValues({
      edge: { zoneId: "zone", zoneName: "biplane.test", accountId: "account", originPullCa: certificate },
      tenants: [
        { org: "acme", cluster: "main", egress: ["203.0.113.7/32"], appsDomain: "apps.acme.biplane.test" },
        { org: "globex", cluster: "main", egress: ["203.0.113.8/32"] },
      ],
    }),
  );
}, 120_000);

const namesOf = (built: Built, kind: string) => objects(built, kind).map(({ inputs }) => inputs.metadata.name);
const policy = (built: Built, name: string) =>
  JSON.stringify(named(objects(built, "ValidatingAdmissionPolicy"), `${name}.union.biplane.dev`).inputs.spec);

describe("a customer's stack", () => {
  it("makes nothing of serving where no apps are configured", () => {
    expect(namesOf(plain, "Namespace")).not.toContain("knative-serving");
    expect(namesOf(plain, "ValidatingAdmissionPolicy")).not.toContain("serving.union.biplane.dev");
    expect(policy(plain, "services")).not.toContain("ExternalName");
  });

  it("serves apps where they are, fenced by the API server", () => {
    expect(namesOf(serving, "Namespace")).toEqual(expect.arrayContaining(["knative-serving", "kourier-system"]));
    expect(policy(serving, "serving")).toContain("system:serviceaccount:knative-serving:");
    expect(policy(serving, "services")).toContain("system:serviceaccount:knative-serving:controller");
    expect(namesOf(serving, "NetworkPolicy")).toContain("allow-apps");
  });

  it("lets the proxy beside an app come from its own repository, where registries are approved", () => {
    expect(policy(serving, "images")).toContain("registry.test/serving/queue");
    expect(policy(serving, "images")).not.toContain("registry.test/serving/activator");
  });
});

describe("what serves apps", () => {
  it("is managed by the vendor where it operates the plane, and by the customer alone where not", async () => {
    const operated = await build(customerValues({ model: "byoc", apps }));
    expect(managedIn(operated)).toEqual(["knative-serving", "kourier-system", "union"]);
    expect(managersTold(operated)).toEqual(["biplane:managers"]);
    expect(policy(operated, "management")).toContain("queue-sidecar-image");
    const without = await build(customerValues({ model: "byoc" }));
    expect([managedIn(without), managersTold(without)]).toEqual([["union"], []]);
    expect(policy(without, "management")).not.toContain("knative");
    expect([managedIn(serving), managersTold(serving)]).toEqual([[], []]);
    expect(namesOf(serving, "ValidatingAdmissionPolicy")).not.toContain("management.union.biplane.dev");
  });

  it("is only looked at by the vendor where the customer says so", async () => {
    const looked = await build(customerValues({ model: "byoc", managementLevel: "read-only", apps }));
    expect([managedIn(looked), managersTold(looked)]).toEqual([["union"], []]);
  });
});

describe("the way to apps", () => {
  const gate = (built: Built) => podOf(named(objects(built, "Deployment"), "app-gate"));
  const egress = (built: Built) => JSON.stringify(named(objects(built, "NetworkPolicy"), "app-gate").inputs.spec);

  it("is a gate in the platform's namespace, only where apps are served", () => {
    expect(namesOf(plain, "Deployment")).not.toContain("app-gate");
    const [container] = gate(serving).containers;
    expect(container?.env).toEqual(
      expect.arrayContaining([
        { name: "APPS_DOMAIN", value: "apps.acme.example.com" },
        { name: "SERVING_GATEWAY_URL", value: "http://kourier.kourier-system.svc.cluster.local" },
        { name: "GATE_PORT", value: "8081" },
      ]),
    );
    expect(container?.securityContext).toMatchObject({ allowPrivilegeEscalation: false });
  });

  it("lets their logs be told, only there", () => {
    const told = (built: Built) => podOf(named(objects(built, "Deployment"), "logs")).containers[0]?.env ?? [];
    expect(told(serving)).toContainEqual({ name: "SERVES_APPS", value: "true" });
    expect(told(plain).map(({ name }) => name)).not.toContain("SERVES_APPS");
  });

  it("comes by a connector in the gate's own pods, and by no Service or port", () => {
    expect(gate(serving).containers).toHaveLength(1);
    const beside = gate(reached).containers[1];
    expect(beside).toMatchObject({ name: "connector", image: connector });
    expect(JSON.stringify(beside)).not.toContain(appsTunnelToken);
    expect(egress(serving)).not.toContain("7844");
    expect(egress(reached)).toContain('"port":7844');
    expect(JSON.parse(egress(reached)).ingress).toEqual([]);
    expect(namesOf(reached, "Service")).not.toContain("app-gate");
    // The region's own way stays what it was.
    expect(podOf(named(objects(reached, "Deployment"), "tunnel")).containers).toHaveLength(1);
  });

  it("is a tunnel apart in the region, whose token one customer alone is handed", async () => {
    const { tenants } = z
      .object({ tenants: regionOutputs.shape.tenants })
      .parse(await settled({ tenants: region.outputs.tenants }));
    expect(tenants.acme?.appsTunnelToken).toBe("tunnel token");
    expect(tenants.acme).not.toHaveProperty("tunnelToken");
    expect(tenants.globex).not.toHaveProperty("appsTunnelToken");
    expect(region.all.filter(({ type }) => type.includes("AccessApplication"))).toEqual([]);
  });
});
