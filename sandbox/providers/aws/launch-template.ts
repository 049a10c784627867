/** EC2 launch templates, as far as nodes need them: metadata, volumes, monitoring and the tags of what is launched. */
import type { EC2, RequestLaunchTemplateData, ResponseLaunchTemplateData } from "@aws-sdk/client-ec2";
import type { LaunchTemplateArgs } from "@pulumi/aws/ec2/launchTemplate.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { arnOf, retag, tagged } from "./ec2-tags.ts";
import { fromTags, ifThere, need, type Plain, toTags } from "./helpers.ts";

type Args = Plain<LaunchTemplateArgs>;

export const launchTemplateTypes = (cloud: Cloud): Types => ({
  "aws:ec2/launchTemplate:LaunchTemplate": define<Args>({
    named: { property: "name", max: 128 },
    replaceOn: ["name"],
    async create(inputs) {
      const made = await (await cloud.ec2()).createLaunchTemplate({
        LaunchTemplateName: inputs.name,
        LaunchTemplateData: dataOf(inputs),
        TagSpecifications: tagged("launch-template", inputs.tags),
      });
      return need(made.LaunchTemplate?.LaunchTemplateId, "the template's id");
    },
    async read(id, _call, last) {
      const ec2 = await cloud.ec2();
      const found = await ifThere(ec2.describeLaunchTemplates({ LaunchTemplateIds: [id] }));
      const [held] = found?.LaunchTemplates ?? [];
      if (!held) return undefined;
      const version = { LaunchTemplateId: id, Versions: [String(held.DefaultVersionNumber)] };
      const [current] = (await ec2.describeLaunchTemplateVersions(version)).LaunchTemplateVersions ?? [];
      const { updateDefaultVersion } = last;
      const outputs = {
        arn: arnOf(cloud, "launch-template", id),
        defaultVersion: held.DefaultVersionNumber,
        latestVersion: held.LatestVersionNumber,
      };
      const named = { name: held.LaunchTemplateName, updateDefaultVersion, ...fromTags(held.Tags) };
      return {
        inputs: properties({ ...named, ...inputsOf(current?.LaunchTemplateData) }),
        outputs: properties(outputs),
      };
    },
    async update(id, inputs, _call, olds) {
      const ec2 = await cloud.ec2();
      await retag(ec2, id, olds.tags, inputs.tags);
      if (JSON.stringify(dataOf(inputs)) === JSON.stringify(dataOf(olds))) return;
      const made = await ec2.createLaunchTemplateVersion({ LaunchTemplateId: id, LaunchTemplateData: dataOf(inputs) });
      const version = need(made.LaunchTemplateVersion?.VersionNumber, "the template's version");
      if (inputs.updateDefaultVersion) {
        await ec2.modifyLaunchTemplate({ LaunchTemplateId: id, DefaultVersion: String(version) });
      }
    },
    async delete(id) {
      await ifThere((await cloud.ec2()).deleteLaunchTemplate({ LaunchTemplateId: id }));
    },
    find: async ({ name }) => findByName(await cloud.ec2(), name),
  }),
});

async function findByName(ec2: EC2, name: string | undefined): Promise<string | undefined> {
  const found = await ifThere(
    ec2.describeLaunchTemplates({ LaunchTemplateNames: [need(name, "the template's name")] }),
  );
  return found?.LaunchTemplates?.[0]?.LaunchTemplateId;
}

function dataOf({ metadataOptions: metadata, blockDeviceMappings, monitoring, tagSpecifications }: Args) {
  const data: RequestLaunchTemplateData = {
    MetadataOptions: metadata && {
      HttpEndpoint: metadata.httpEndpoint as "enabled",
      HttpTokens: metadata.httpTokens as "required",
      HttpPutResponseHopLimit: metadata.httpPutResponseHopLimit,
    },
    BlockDeviceMappings: blockDeviceMappings?.map(({ deviceName, ebs }) => ({
      DeviceName: deviceName,
      Ebs: ebs && {
        VolumeType: ebs.volumeType as "gp3",
        VolumeSize: ebs.volumeSize,
        Encrypted: ebs.encrypted === "true",
        KmsKeyId: ebs.kmsKeyId,
        DeleteOnTermination: ebs.deleteOnTermination === "true",
      },
    })),
    Monitoring: monitoring && { Enabled: monitoring.enabled },
    TagSpecifications: tagSpecifications?.map(({ resourceType, tags }) => ({
      ResourceType: resourceType as "instance",
      Tags: toTags(tags),
    })),
  };
  return data;
}

function inputsOf(data: ResponseLaunchTemplateData = {}) {
  const { MetadataOptions: metadata, Monitoring: monitoring } = data;
  return {
    metadataOptions: metadata && {
      httpEndpoint: metadata.HttpEndpoint,
      httpTokens: metadata.HttpTokens,
      httpPutResponseHopLimit: metadata.HttpPutResponseHopLimit,
    },
    blockDeviceMappings: data.BlockDeviceMappings?.map(({ DeviceName, Ebs }) => ({
      deviceName: DeviceName,
      ebs: Ebs && {
        volumeType: Ebs.VolumeType,
        volumeSize: Ebs.VolumeSize,
        encrypted: String(Ebs.Encrypted),
        kmsKeyId: Ebs.KmsKeyId,
        deleteOnTermination: String(Ebs.DeleteOnTermination),
      },
    })),
    monitoring: monitoring && { enabled: monitoring.Enabled },
    tagSpecifications: data.TagSpecifications?.filter(({ ResourceType }) => ResourceType !== "launch-template").map(
      ({ ResourceType, Tags }) => ({ resourceType: ResourceType, ...fromTags(Tags) }),
    ),
  };
}
