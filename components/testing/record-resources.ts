/** Builds against Pulumi's mocks and keeps what was registered. The only place that knows what providers compute. */
import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { azureAnswers, azureComputed } from "./azure.ts";
import { googleAnswers, googleComputed } from "./google.ts";

export interface Registration {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  /** Counts registrations and answers alike: what was begun after another's end had waited for it. */
  begun: number;
  ended: number;
}

export interface Recorded {
  /** Everything registered, components included, in order. */
  all: Registration[];
  /** @throws unless there is exactly one of the type (and the name, if given). */
  one(type: string, name?: string): Registration;
  of(type: string): Registration[];
}

type Inputs = Record<string, unknown>;

/** What a provider would add to the inputs, for the outputs that programs read. */
const computed: Record<string, (inputs: Inputs, name: string) => Inputs> = {
  ...googleComputed,
  ...azureComputed,
  "aws:s3/bucket:Bucket": ({ bucket }) => ({ arn: `arn:aws:s3:::${bucket}` }),
  "aws:backup/vault:Vault": ({ name, region = "us-east-2" }) => ({
    arn: `arn:aws:backup:${region}:111111111111:backup-vault:${name}`,
  }),
  "aws:cloudtrail/trail:Trail": ({ name }) => ({ arn: `arn:aws:cloudtrail:us-east-2:111111111111:trail/${name}` }),
  "aws:sns/topic:Topic": ({ name }) => ({ arn: `arn:aws:sns:us-east-2:111111111111:${name}` }),
  "aws:kms/key:Key": (_, name) => ({ keyId: `${name}-id`, arn: `arn:aws:kms:us-east-2:111111111111:key/${name}` }),
  "aws:iam/role:Role": ({ name }) => ({ arn: `arn:aws:iam::111111111111:role/${name}` }),
  "aws:iam/policy:Policy": ({ name }) => ({ arn: `arn:aws:iam::111111111111:policy/${name}` }),
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": () => ({
    arn: "arn:aws:iam::111111111111:oidc-provider/oidc.test",
  }),
  "aws:ecr/repository:Repository": ({ name }) => ({ repositoryUrl: `registry.test/${name}` }),
  "aws:eks/cluster:Cluster": ({ name }) => ({
    arn: `arn:aws:eks:us-east-2:111111111111:cluster/${name}`,
    endpoint: "https://api.test:6443",
    certificateAuthority: { data: "Q0E=" },
    identities: [{ oidcs: [{ issuer: "https://oidc.test" }] }],
    vpcConfig: { clusterSecurityGroupId: "sg-cluster" },
  }),
  "aws:rds/instance:Instance": ({ identifier }) => ({
    address: "database.test",
    arn: `arn:aws:rds:us-east-2:111111111111:db:${identifier}`,
    masterUserSecrets: [{ secretArn: "arn:aws:secretsmanager:us-east-2:111111111111:secret:rds" }],
  }),
  "aws:ec2/eip:Eip": (_, name) => ({ publicIp: `address of ${name}` }),
  "aws:ec2/vpcEndpoint:VpcEndpoint": (_, name) => ({
    dnsEntries: [{ dnsName: `${name}.vpce.test`, hostedZoneId: "ZENDPOINT" }],
  }),
  "aws:ec2/vpcEndpointService:VpcEndpointService": (_, name) => ({ serviceName: `com.amazonaws.vpce.${name}` }),
  "aws:cloudwatch/logGroup:LogGroup": ({ name }) => ({
    arn: `arn:aws:logs:us-east-2:111111111111:log-group:${name}`,
  }),
  "aws:lb/loadBalancer:LoadBalancer": ({ name }) => ({ arn: `arn:lb/${name}`, dnsName: `${name}.elb.test` }),
  "aws:lb/targetGroup:TargetGroup": ({ name }) => ({ arn: `arn:tg/${name}` }),
  "cloudflare:index/originCaCertificate:OriginCaCertificate": () => ({ certificate: "ORIGIN CERTIFICATE" }),
  "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken": (_, name) => ({
    clientId: `${name}.access`,
    clientSecret: `secret of ${name}`,
  }),
  "random:index/randomPassword:RandomPassword": (_, name) => ({ result: `random-${name}` }),
  "tls:index/privateKey:PrivateKey": (_, name) => ({
    privateKeyPem: `SEC1 ${name}`,
    privateKeyPemPkcs8: `PKCS8 ${name}`,
  }),
  "tls:index/certRequest:CertRequest": (_, name) => ({ certRequestPem: `REQUEST ${name}` }),
  "tls:index/selfSignedCert:SelfSignedCert": (_, name) => ({ certPem: `CERTIFICATE ${name}` }),
  "tls:index/locallySignedCert:LocallySignedCert": (_, name) => ({ certPem: `CERTIFICATE ${name}` }),
};

const answers: Record<string, Inputs> = {
  ...googleAnswers,
  ...azureAnswers,
  "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "111111111111" },
  "aws:secretsmanager/getSecretVersion:getSecretVersion": {
    secretString: JSON.stringify({ username: "owner", password: "from-rds" }),
  },
  // A cluster that a base phase made.
  "aws:eks/getCluster:getCluster": {
    status: "ACTIVE",
    version: "1.34",
    endpoint: "https://api.test:6443",
    certificateAuthorities: [{ data: "Q0E=" }],
    identities: [{ oidcs: [{ issuer: "https://oidc.test" }] }],
    vpcConfig: {
      clusterSecurityGroupId: "sg-cluster",
      endpointPrivateAccess: true,
      endpointPublicAccess: false,
      publicAccessCidrs: [],
    },
    enabledClusterLogTypes: ["api", "audit", "authenticator"],
    accessConfigs: [{ authenticationMode: "API" }],
  },
  "aws:cloudcontrol/getResource:getResource": {
    properties: JSON.stringify({
      EncryptionConfig: [
        { Resources: ["secrets"], Provider: { KeyArn: "arn:aws:kms:us-east-2:111111111111:key/one" } },
      ],
    }),
  },
  "cloudflare:index/getZeroTrustTunnelCloudflaredToken:getZeroTrustTunnelCloudflaredToken": { token: "tunnel token" },
  "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": {
    arn: "arn:aws:iam::111111111111:oidc-provider/oidc.test",
  },
};

export interface RecordOptions {
  /** A first preview: nothing that a provider computes is known yet. */
  preview?: boolean;
  /** Stack configuration, keys with their namespace. */
  config?: Record<string, string>;
  /** What look-ups answer, before the usual answers: for programs that ask about objects that they did not make. */
  calls?(token: string, inputs: Inputs): Inputs | undefined;
  /** Types that take long, so that whoever does not wait for them is begun before they end. @default none */
  slow?: string[];
}

const slowMs = 150;

/**
 * Resolves once registrations have stopped arriving: one `disconnect` returns before what was registered late, so it is
 * asked again until three rounds brought nothing new.
 */
export async function recordResources(build: () => unknown, options: RecordOptions = {}): Promise<Recorded> {
  const all: Registration[] = [];
  let clock = 0;
  await pulumi.runtime.setMocks(
    {
      newResource: async ({ type, name, inputs }) => {
        const made: Registration = { type, name, inputs, begun: clock++, ended: Number.POSITIVE_INFINITY };
        all.push(made);
        if (options.slow?.includes(type)) await setTimeout(slowMs);
        made.ended = clock++;
        const physical = typeof inputs.metadata?.name === "string" ? inputs.metadata.name : name;
        // What a preview's state lacks, the SDK makes unknown: just what a provider's answers are before the first up.
        const known = options.preview ? {} : computed[type]?.(inputs, name);
        return { id: options.preview ? undefined : `${physical}-id`, state: { ...inputs, ...known } };
      },
      call: ({ token, inputs }) => options.calls?.(token, inputs) ?? answers[token] ?? inputs,
    },
    "biplane",
    "test",
    options.preview ?? false,
  );
  pulumi.runtime.setAllConfig(options.config ?? {});
  await withoutStacks(async () => {
    await build();
    for (let quiet = 0, last = -1; quiet < 3; last = all.length) {
      await new Promise((turn) => setImmediate(turn));
      await pulumi.runtime.disconnect();
      quiet = all.length === last ? quiet + 1 : 0;
    }
  });
  const of = (type: string) => all.filter((made) => made.type === type);
  const one = (type: string, name?: string) => {
    const hits = of(type).filter((made) => name === undefined || made.name === name);
    const [only] = hits;
    if (only && hits.length === 1) return only;
    const seen = of(type).map((made) => made.name);
    throw new Error(
      `wanted one ${type} ${name ?? ""}, recorded ${hits.length}; of this type: ${seen.join(", ") || "none"}`,
    );
  };
  return { all, one, of };
}

/**
 * The SDK keeps a stack for every promise and every resource, which nobody reads here: translated to source positions,
 * they took more time than all else.
 */
async function withoutStacks(work: () => Promise<void>): Promise<void> {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.prepareStackTrace = (error) => String(error);
  Error.stackTraceLimit = 0;
  try {
    await work();
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
