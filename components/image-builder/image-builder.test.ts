import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { renderBuildPod } from "./build-pod.ts";
import { ImageBuilder, type ImageBuilderArgs } from "./builder.ts";
import { buildNamespace } from "./contract.ts";
import { checkImageBuilder, proxyPort } from "./settings.ts";
import { defaultTags } from "./tags.ts";
import { renderBuilderDoors, renderBuildWalls } from "./walls.ts";

const digest = `sha256:${"0".repeat(64)}`;
const settings = {
  image: `registry.test/buildkit@${digest}`,
  approvedBases: ["registry.test/bases"],
  tags: defaultTags,
  registries: ["10.1.0.0/24"],
  packages: { url: "http://proxy.test:3128", networks: ["10.2.0.1/32"] },
};
const args: ImageBuilderArgs = {
  ...settings,
  org: "acme",
  region: "us-east-2",
  services: `registry.test/services@${digest}`,
  roleArn: "arn:aws:iam::222222222222:role/builder",
  repositoryUrl: "222222222222.dkr.ecr.us-east-2.amazonaws.com/union/tasks",
  contextBucket: "bundles",
  projects: [{ project: "demo", domain: "development" }],
  around: { dnsServers: [], apiPort: 443 },
};

describe("a build's pod", () => {
  const { spec } = renderBuildPod({ name: "build-1", image: settings.image, seconds: 60 });
  const [container] = spec?.containers ?? [];

  it("has two capabilities and no privilege, is not root, holds no token and nothing of its node", () => {
    expect(container?.securityContext).toEqual({
      privileged: false,
      allowPrivilegeEscalation: true,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: ["SETUID", "SETGID"] },
    });
    expect(spec?.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(spec?.automountServiceAccountToken).toBe(false);
    expect([spec?.hostNetwork, spec?.hostPID, spec?.hostIPC]).toEqual([undefined, undefined, undefined]);
    for (const volume of spec?.volumes ?? [])
      expect(Object.keys(volume)).toEqual(["name", expect.stringMatching(/^(secret|emptyDir)$/)]);
  });

  it("is reached over TLS by who shows a certificate, and ends by itself", () => {
    expect(container?.args).toEqual(
      expect.arrayContaining([expect.stringMatching(/^--tlscacert=/), expect.stringMatching(/^--tlskey=/)]),
    );
    expect(container?.args?.filter((arg) => arg.startsWith("--addr="))).toEqual(["--addr=tcp://0.0.0.0:1234"]);
    expect(spec).toMatchObject({ activeDeadlineSeconds: 60, restartPolicy: "Never" });
  });
});

describe("the walls", () => {
  it("let a build reach registries and the one proxy, and the builder alone come in", () => {
    expect(renderBuildWalls(settings)).toMatchObject({
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "imagebuilder" } } }] }],
      egress: [
        { to: [{ ipBlock: { cidr: "10.1.0.0/24" } }], ports: [{ port: 443 }] },
        { to: [{ ipBlock: { cidr: "10.2.0.1/32" } }], ports: [{ port: 3128 }] },
      ],
    });
  });

  it("let task pods of the plane's projects come to the builder, and it go to builds", () => {
    const { ingress, egress } = renderBuilderDoors(["demo-development"], 8080);
    expect(JSON.stringify(ingress)).toContain("demo-development");
    expect(JSON.stringify(egress)).toContain("buildkit");
  });
});

describe("what a customer says", () => {
  it.each([
    [{ approvedBases: ["python"] }, /imageBuilder\.approvedBases/],
    [{ approvedBases: [] }, /at least one registry/],
    [{ tags: "{name}" }, /imageBuilder\.tags/],
    [{ registries: ["0.0.0.0/0"] }, /everywhere/],
    [{ registries: ["169.254.169.254/32"] }, /instance credentials/],
    [{ packages: { url: "http://u:p@proxy.test", networks: ["10.2.0.1/32"] } }, /without credentials/],
    [{ packages: { url: "http://proxy.test", networks: ["0.0.0.0/1"] } }, /everywhere/],
  ])("%j is refused", (changed, words) => {
    expect(() => checkImageBuilder({ ...settings, ...changed })).toThrow(words);
  });

  it("is the proxy's port, or HTTP's own", () => {
    expect([proxyPort("http://proxy.test:3128"), proxyPort("http://proxy.test")]).toEqual([3128, 80]);
  });
});

describe("ImageBuilder", () => {
  it("is a namespace of its own below the standard, and one service with the role that pushes", async () => {
    const made = await recordResources(() => new ImageBuilder("builder", args));
    const { metadata } = made.one("kubernetes:core/v1:Namespace").inputs as {
      metadata: { name: string; labels: Record<string, string> };
    };
    expect(metadata).toMatchObject({
      name: buildNamespace,
      labels: { "pod-security.kubernetes.io/enforce": "privileged" },
    });
    const accounts = made.of("kubernetes:core/v1:ServiceAccount").map(({ inputs }) => inputs.metadata);
    expect(accounts).toEqual([
      expect.objectContaining({
        name: "union-imagebuilder",
        annotations: { "eks.amazonaws.com/role-arn": args.roleArn },
      }),
    ]);
    const [role] = made.of("kubernetes:rbac.authorization.k8s.io/v1:Role");
    expect(role?.inputs.rules).toEqual([
      { apiGroups: [""], resources: ["pods"], verbs: ["create", "delete", "get", "list"] },
    ]);
    const secrets = made
      .of("kubernetes:core/v1:Secret")
      .map(({ inputs }) => (inputs.metadata as { name: string }).name);
    expect(secrets.sort()).toEqual(["builder-tls", "buildkit-tls"]);
  });

  it("shows tasks and build pods one certificate, for its host, from the folder that it is told of", async () => {
    const made = await recordResources(() => new ImageBuilder("builder", args));
    const [request] = made.of("tls:index/certRequest:CertRequest").filter(({ name }) => name.endsWith("-client"));
    expect(request?.inputs.dnsNames).toEqual([`imagebuilder.${buildNamespace}.svc.cluster.local`]);
    const [leaf] = made
      .of("tls:index/locallySignedCert:LocallySignedCert")
      .filter(({ name }) => name.endsWith("-client"));
    expect(leaf?.inputs.allowedUses).toEqual(["digital_signature", "client_auth", "server_auth"]);
    const { spec } = made.one("kubernetes:apps/v1:Deployment").inputs as {
      spec: { template: { spec: { containers: { env: unknown[] }[] } } };
    };
    expect(spec.template.spec.containers[0]?.env).toContainEqual({
      name: "SERVICE_TLS_FOLDER",
      value: "/etc/biplane/tls",
    });
  });
});
