/** CloudTrail: a trail's configuration. Nothing is recorded here. */
import type { EventSelector } from "@aws-sdk/client-cloudtrail";
import type { TrailArgs } from "@pulumi/aws/cloudtrail/trail.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, finish, fromTags, ifThere, need, type Plain, toTags } from "./helpers.ts";

type Args = Plain<TrailArgs>;

export const trailTypes = (cloud: Cloud): Types => ({
  "aws:cloudtrail/trail:Trail": define<Args>({
    named: { property: "name", max: 128 },
    defaults: { enableLogging: true },
    replaceOn: ["name"],
    async create(inputs) {
      const Name = need(inputs.name, "the trail's name");
      await (await cloud.trails()).createTrail({ Name, ...settings(inputs), TagsList: toTags(inputs.tags) });
      return finish(Name, () => select(cloud, Name, inputs));
    },
    async read(id) {
      const trails = await cloud.trails();
      const held = (await ifThere(trails.getTrail({ Name: id })))?.Trail;
      if (!held) return undefined;
      const arn = need(held.TrailARN, "the trail's ARN");
      const { EventSelectors = [] } = await trails.getEventSelectors({ TrailName: id });
      const { ResourceTagList = [] } = await trails.listTags({ ResourceIdList: [arn] });
      const inputs = {
        name: id,
        s3BucketName: held.S3BucketName,
        isMultiRegionTrail: held.IsMultiRegionTrail,
        includeGlobalServiceEvents: held.IncludeGlobalServiceEvents,
        enableLogFileValidation: held.LogFileValidationEnabled,
        enableLogging: (await trails.getTrailStatus({ Name: id })).IsLogging,
        kmsKeyId: held.KmsKeyId,
        cloudWatchLogsGroupArn: held.CloudWatchLogsLogGroupArn,
        cloudWatchLogsRoleArn: held.CloudWatchLogsRoleArn,
        eventSelectors: EventSelectors.map(described),
        ...fromTags(ResourceTagList[0]?.TagsList),
      };
      return { inputs: properties(inputs), outputs: { arn, homeRegion: cloud.region } };
    },
    async update(id, inputs, _call, olds) {
      const trails = await cloud.trails();
      const { TrailARN } = await trails.updateTrail({ Name: id, ...settings(inputs) });
      await select(cloud, id, inputs);
      await changeTags(olds.tags, inputs.tags, {
        set: (tags) => trails.addTags({ ResourceId: TrailARN, TagsList: toTags(tags) }),
        remove: (keys) => trails.removeTags({ ResourceId: TrailARN, TagsList: keys.map((Key) => ({ Key })) }),
      });
    },
    async delete(id) {
      await ifThere((await cloud.trails()).deleteTrail({ Name: id }));
    },
    find: async ({ name }) => name,
  }),
});

function settings(inputs: Args) {
  return {
    S3BucketName: inputs.s3BucketName,
    IsMultiRegionTrail: inputs.isMultiRegionTrail,
    IncludeGlobalServiceEvents: inputs.includeGlobalServiceEvents,
    EnableLogFileValidation: inputs.enableLogFileValidation,
    KmsKeyId: inputs.kmsKeyId,
    CloudWatchLogsLogGroupArn: inputs.cloudWatchLogsGroupArn,
    CloudWatchLogsRoleArn: inputs.cloudWatchLogsRoleArn,
  };
}

async function select(cloud: Cloud, Name: string, { eventSelectors = [], enableLogging }: Args): Promise<void> {
  const trails = await cloud.trails();
  const EventSelectors = eventSelectors.map((selector) => ({
    ReadWriteType: selector.readWriteType as "All" | undefined,
    IncludeManagementEvents: selector.includeManagementEvents,
    DataResources: selector.dataResources?.map(({ type: Type, values: Values }) => ({ Type, Values })),
  }));
  if (EventSelectors.length > 0) await trails.putEventSelectors({ TrailName: Name, EventSelectors });
  await (enableLogging === false ? trails.stopLogging({ Name }) : trails.startLogging({ Name }));
}

function described({ ReadWriteType, IncludeManagementEvents, DataResources = [] }: EventSelector): object {
  return {
    readWriteType: ReadWriteType,
    includeManagementEvents: IncludeManagementEvents,
    dataResources: DataResources.map(({ Type: type, Values: values }) => ({ type, values })),
  };
}
