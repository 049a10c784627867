import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { createAuthority, signLeaf } from "../certificates/authority.ts";
import { type ProjectDomain, projectNamespace } from "../compute-plane/project-domain.ts";
import { createSecretFiles } from "../workloads/files.ts";
import { labelsOf } from "../workloads/labels.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import type { Surroundings } from "../workloads/network-policy.ts";
import { type FileSource, filesFolder, type ServiceSpec, serviceHost } from "../workloads/service-spec.ts";
import { Workload } from "../workloads/workload.ts";
import {
  builderAccount,
  builderService,
  buildNamespace,
  buildPodName,
  daemonHost,
  daemonTlsSecret,
} from "./contract.ts";
import { checkImageBuilder, type ImageBuilderSettings } from "./settings.ts";
import { renderBuilderDoors, renderBuildWalls } from "./walls.ts";

export interface ImageBuilderArgs extends ImageBuilderSettings {
  org: string;
  region: string;
  /** Service image, by digest. */
  services: string;
  /** The one role that pushes. */
  roleArn: pulumi.Input<string>;
  /** Where images are pushed to: host and path. */
  repositoryUrl: pulumi.Input<string>;
  /** Whose build contexts are fetched, by presigned URL, and no other bucket's. */
  contextBucket: pulumi.Input<string>;
  projects: ProjectDomain[];
  /** Of the service: builds have walls of their own. */
  around: Surroundings;
}

const rpcPort = 8080;
const programs = "/opt/programs";
/** Builds at once: each has a pod. */
const atOnce = 8;

const quota = {
  pods: String(atOnce + 2),
  "requests.cpu": "4",
  "requests.memory": "8Gi",
  "limits.cpu": "32",
  "limits.memory": "32Gi",
  "services.loadbalancers": "0",
  "services.nodeports": "0",
};
const defaults = { request: { cpu: "20m", memory: "64Mi" }, limit: { cpu: "500m", memory: "256Mi" } };

/**
 * Builds task images in the customer's cluster: a service that takes builds and pushes what comes of them, and for each
 * build a pod of its own, in a namespace that holds nothing else. Proved by builder-on-customer-cluster,
 * builder-base-images-approved, builder-push-customer-registry and n-builder-rootless.
 */
export class ImageBuilder extends pulumi.ComponentResource {
  /** PEM: by which task pods know the builder. */
  readonly authority: pulumi.Output<string>;

  constructor(name: string, args: ImageBuilderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:image-builder:ImageBuilder", name, {}, opts);
    checkImageBuilder(args);
    const { org, services, around } = args;

    const { ready: namespace } = new IsolatedNamespace(
      name,
      {
        ...{ namespace: buildNamespace, labels: { "biplane.dev/org": org }, isException: true },
        ...{ quota, defaults, dnsServers: around.dnsServers },
      },
      { parent: this },
    );
    const wall = (policy: string, component: string, spec: ReturnType<typeof renderBuildWalls>) =>
      new kubernetes.networking.v1.NetworkPolicy(
        `${name}-${policy}`,
        { metadata: { name: policy, namespace, labels: labelsOf(component) }, spec },
        { parent: this },
      );
    const walls = [
      wall("builds", buildPodName, renderBuildWalls(args)),
      wall("builder-doors", builderService, renderBuilderDoors(args.projects.map(projectNamespace), rpcPort)),
    ];
    const { tls, authority } = createCertificates(name, namespace, this);
    const spec = planService(args, tls);
    new Workload(
      `${name}-service`,
      { spec, all: [spec], namespace, image: services, around, tls: "its own", needs: walls },
      { parent: this },
    );
    this.authority = authority;
    this.registerOutputs({});
  }
}

/**
 * The ends of a build know each other by an authority that signs nothing else: the builder shows what it is for to build
 * pods and to task pods, and knows the latter by their tokens.
 */
function createCertificates(name: string, namespace: pulumi.Output<string>, parent: pulumi.Resource) {
  const authority = createAuthority(`${name}-ca`, "image builds", parent);
  const daemon = signLeaf(
    `${name}-daemon`,
    { subject: { commonName: daemonHost }, dnsNames: [daemonHost], use: "server_auth" },
    authority,
    parent,
  );
  const host = serviceHost(builderService, buildNamespace);
  const builder = signLeaf(
    `${name}-client`,
    { subject: { commonName: builderService }, dnsNames: [host], use: ["client_auth", "server_auth"] },
    authority,
    parent,
  );
  const content = (leaf: typeof daemon) => ({
    "ca.crt": authority.certificate.certPem,
    "tls.crt": leaf.certificate,
    "tls.key": leaf.key,
  });
  const at = { namespace, parent };
  createSecretFiles(name, { ...at, name: daemonTlsSecret, content: content(daemon) });
  const tls = createSecretFiles(name, { ...at, name: "builder-tls", content: content(builder) });
  return { tls, authority: authority.certificate.certPem };
}

function planService(args: ImageBuilderArgs, tls: FileSource): ServiceSpec {
  const { image, region, roleArn, repositoryUrl, contextBucket, approvedBases, tags, packages } = args;
  return {
    name: builderService,
    entry: `/app/data/${builderService}.mjs`,
    serviceAccount: builderAccount,
    identity: { cloud: "aws", name: roleArn },
    // Makes pods and takes them away again: what they may be, the admission policy of this namespace says.
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["create", "delete", "get", "list"] }],
    replicas: 1,
    rpcPort,
    reaches: ["own-cloud", "kubernetes-api"],
    env: {
      BUILD_IMAGE: image,
      BUILDS_AT_ONCE: String(atOnce),
      APPROVED_BASES: approvedBases.join(","),
      TAGS: tags,
      PACKAGE_PROXY: packages.url,
      REPOSITORY_URL: repositoryUrl,
      CONTEXT_BUCKET: contextBucket,
      ORG: args.org,
      PROJECTS: args.projects.map(({ project, domain }) => `${project}/${domain}`).join(","),
      AWS_REGION: region,
      PROGRAMS: programs,
      TLS_FOLDER: `${filesFolder}/tls`,
      SERVICE_TLS_FOLDER: `${filesFolder}/tls`,
    },
    files: { tls },
    brings: { image, programs: ["buildctl", "uv"].map((program) => `/usr/local/bin/${program}`), to: programs },
    // Contexts and logs of several builds at once.
    resources: { requests: { cpu: "20m", memory: "96Mi" }, limits: { cpu: "1", memory: "768Mi" } },
  };
}
