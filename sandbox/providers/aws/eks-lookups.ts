/** What programs ask of a cluster that they did not make. */
import type { Cluster } from "@aws-sdk/client-eks";
import type { Package } from "../machine/resource.ts";
import { properties } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { inputsOf, outputsOf } from "./eks.ts";
import { clusterSecurityGroup } from "./eks-security-group.ts";
import { need } from "./helpers.ts";

export const clusterLookups = (cloud: Cloud): Package["invokes"] => ({
  "aws:eks/getCluster:getCluster": async ({ name }) => {
    const held = await described(cloud, String(name));
    const { vpcConfig, accessConfig, ...inputs } = inputsOf(held);
    const { certificateAuthority, ...outputs } = outputsOf(held, await cloud.backing.node(String(name)));
    const group = await clusterSecurityGroup(cloud, String(name));
    return properties({
      id: name,
      ...inputs,
      ...outputs,
      accessConfigs: [accessConfig],
      certificateAuthorities: [certificateAuthority],
      vpcConfig: { publicAccessCidrs: [], ...vpcConfig, clusterSecurityGroupId: group },
    });
  },

  // Cloud Control, for the one type that is asked of it.
  "aws:cloudcontrol/getResource:getResource": async ({ typeName, identifier }) => {
    if (typeName !== "AWS::EKS::Cluster") throw new Error(`Cloud Control is not asked for ${typeName} here`);
    const { encryptionConfig = [], ...held } = await described(cloud, String(identifier));
    const EncryptionConfig = encryptionConfig.map(({ resources, provider }) => ({
      Resources: resources,
      Provider: { KeyArn: provider?.keyArn },
    }));
    const text = JSON.stringify({ Name: held.name, Version: held.version, EncryptionConfig });
    return properties({ id: identifier, typeName, identifier, properties: text });
  },

  "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": async ({ url }) => {
    const arn = `arn:aws:iam::${cloud.account}:oidc-provider/${String(url).replace(/^https:\/\//, "")}`;
    const held = await (await cloud.iam()).getOpenIDConnectProvider({ OpenIDConnectProviderArn: arn });
    return properties({ id: arn, arn, url: held.Url, clientIdLists: held.ClientIDList });
  },
});

async function described(cloud: Cloud, name: string): Promise<Cluster> {
  return need((await (await cloud.eks()).describeCluster({ name })).cluster, "the cluster");
}
