/** Networks, databases, clusters, keys, trails and the zone. */
import * as aws from "@pulumi/aws";
import * as cloudflare from "@pulumi/cloudflare";
import type { Pair } from "./programs.ts";

const tags = { "biplane:managed-by": "pulumi", "biplane:plane": "control", "biplane:cluster": "one" };
const key = "arn:aws:kms:us-east-2:111111111111:key/1";

const ingress = (args: Partial<aws.vpc.SecurityGroupIngressRuleArgs>) =>
  new aws.vpc.SecurityGroupIngressRule("rule", {
    securityGroupId: "sg-1",
    ipProtocol: "tcp",
    fromPort: 443,
    toPort: 443,
    description: "the office",
    cidrIpv4: "203.0.113.0/24",
    ...args,
  });

const database = (args: Partial<aws.rds.InstanceArgs>) =>
  new aws.rds.Instance(
    "database",
    {
      instanceClass: "db.m7g.large",
      storageEncrypted: true,
      kmsKeyId: key,
      publiclyAccessible: false,
      manageMasterUserPassword: true,
      multiAz: true,
      backupRetentionPeriod: 35,
      deletionProtection: true,
      skipFinalSnapshot: false,
      tags,
      ...args,
    },
    { protect: true },
  );

const cluster = (args: Partial<aws.eks.ClusterArgs>) =>
  new aws.eks.Cluster("cluster", {
    roleArn: "arn:aws:iam::111111111111:role/cluster",
    vpcConfig: { subnetIds: ["subnet-1"], endpointPrivateAccess: true, endpointPublicAccess: false },
    encryptionConfig: { resources: ["secrets"], provider: { keyArn: key } },
    enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
    tags,
    ...args,
  });

const nodes = (hops: number, encrypted: string) =>
  new aws.ec2.LaunchTemplate("nodes", {
    metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: hops },
    blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { encrypted, volumeType: "gp3" } }],
  });

const trail = (args: Partial<aws.cloudtrail.TrailArgs>) =>
  new aws.cloudtrail.Trail("trail", {
    s3BucketName: "audit",
    isMultiRegionTrail: true,
    enableLogFileValidation: true,
    kmsKeyId: key,
    ...args,
  });

const listener = (args: Partial<aws.lb.ListenerArgs>) =>
  new aws.lb.Listener("listener", { loadBalancerArn: "arn:lb", defaultActions: [{ type: "forward" }], ...args });

const forceTls = (value: string) =>
  new aws.rds.ParameterGroup("tls", { family: "postgres17", parameters: [{ name: "rds.force_ssl", value }] });

const link = (acceptanceRequired: boolean) =>
  new aws.ec2.VpcEndpointService("link", {
    acceptanceRequired,
    networkLoadBalancerArns: ["arn:lb"],
    allowedPrincipals: ["arn:aws:iam::222222222222:role/link"],
  });

export const cloudPrograms: Record<string, Pair> = {
  "no-ingress-from-anywhere": {
    bad: () => ingress({ cidrIpv4: "0.0.0.0/0" }),
    good: () => ingress({}),
  },
  "every-peer-is-described": { bad: () => ingress({ description: " " }), good: () => ingress({}) },
  "no-public-address-by-placement": {
    bad: () => new aws.ec2.Subnet("subnet", { vpcId: "vpc-1", mapPublicIpOnLaunch: true }),
    good: () => new aws.ec2.Subnet("subnet", { vpcId: "vpc-1", mapPublicIpOnLaunch: false }),
  },
  "private-link-peers-are-accepted": { bad: () => link(false), good: () => link(true) },
  "balancers-speak-modern-tls": {
    bad: () => listener({ port: 443, protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-2016-08" }),
    good: () => listener({ port: 443, protocol: "TLS", sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06" }),
  },
  "zone-speaks-modern-tls": {
    bad: () => new cloudflare.ZoneSetting("tls", { zoneId: "z", settingId: "min_tls_version", value: "1.0" }),
    good: () => new cloudflare.ZoneSetting("tls", { zoneId: "z", settingId: "min_tls_version", value: "1.2" }),
  },
  "database-encrypted": { bad: () => database({ kmsKeyId: undefined }), good: () => database({}) },
  "database-inside": { bad: () => database({ publiclyAccessible: true }), good: () => database({}) },
  "database-password-unseen": {
    bad: () => database({ manageMasterUserPassword: false, password: "not-a-real-one" }),
    good: () => database({}),
  },
  "database-outlives-failures": {
    bad: () => database({ backupRetentionPeriod: 7 }),
    good: () => database({}),
  },
  "database-forces-tls": { bad: () => forceTls("0"), good: () => forceTls("1") },
  "kubernetes-api-not-public": {
    bad: () =>
      cluster({ vpcConfig: { subnetIds: ["s"], endpointPrivateAccess: true, publicAccessCidrs: ["0.0.0.0/0"] } }),
    good: () =>
      cluster({ vpcConfig: { subnetIds: ["s"], endpointPrivateAccess: true, publicAccessCidrs: ["203.0.113.7/32"] } }),
  },
  "cluster-secrets-encrypted": { bad: () => cluster({ encryptionConfig: undefined }), good: () => cluster({}) },
  "cluster-tells-all": { bad: () => cluster({ enabledClusterLogTypes: ["api"] }), good: () => cluster({}) },
  "nodes-keep-their-role": { bad: () => nodes(2, "true"), good: () => nodes(1, "true") },
  "node-disks-encrypted": { bad: () => nodes(1, "false"), good: () => nodes(1, "true") },
  "key-rotates": {
    bad: () => new aws.kms.Key("key", { tags }),
    good: () => new aws.kms.Key("key", { enableKeyRotation: true, tags }),
  },
  "images-stay-what-they-are": {
    bad: () => new aws.ecr.Repository("images", { tags, imageScanningConfiguration: { scanOnPush: true } }),
    good: () =>
      new aws.ecr.Repository("images", {
        tags,
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
      }),
  },
  "trail-is-whole": { bad: () => trail({ enableLogFileValidation: false }), good: () => trail({}) },
  "logs-encrypted-and-kept": {
    bad: () => new aws.cloudwatch.LogGroup("logs", { kmsKeyId: key }),
    good: () => new aws.cloudwatch.LogGroup("logs", { kmsKeyId: key, retentionInDays: 365 }),
  },
  "vault-locked": {
    bad: () => new aws.backup.VaultLockConfiguration("lock", { backupVaultName: "vault", maxRetentionDays: 90 }),
    good: () => new aws.backup.VaultLockConfiguration("lock", { backupVaultName: "vault", minRetentionDays: 7 }),
  },
  "owner-is-tagged": {
    bad: () => new aws.ec2.Vpc("vpc", { cidrBlock: "10.0.0.0/16", tags: { Name: "vpc" } }),
    good: () => new aws.ec2.Vpc("vpc", { cidrBlock: "10.0.0.0/16", tags }),
  },
};
