/** Route 53: private zones and their records. */
import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53";
import type { RecordArgs } from "@pulumi/aws/route53/record.js";
import type { ZoneArgs } from "@pulumi/aws/route53/zone.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, finish, fromTags, ifThere, need, type Plain, toTags } from "./helpers.ts";

type Tagged = { tags?: Record<string, string> };

export const dnsTypes = (cloud: Cloud): Types => ({
  "aws:route53/zone:Zone": define<Plain<ZoneArgs>>({
    named: { property: "name" },
    defaults: { comment: "Managed by Pulumi" },
    replaceOn: ["name", "vpcs", "comment"],
    async create({ name, comment, vpcs, tags }) {
      const dns = await cloud.dns();
      const [vpc] = vpcs ?? [];
      const made = await dns.createHostedZone({
        Name: name,
        CallerReference: `${name}-${Date.now()}`,
        HostedZoneConfig: { Comment: comment, PrivateZone: vpc !== undefined },
        ...(vpc ? { VPC: { VPCId: vpc.vpcId, VPCRegion: cloud.region as "us-east-2" } } : {}),
      });
      const id = idOf(need(made.HostedZone?.Id, "the zone's id"));
      return finish(id, () => retag(cloud, id, {}, { tags }));
    },
    async read(id, _call, last) {
      const dns = await cloud.dns();
      const found = await ifThere(dns.getHostedZone({ Id: id }));
      if (!found?.HostedZone) return undefined;
      const { ResourceTagSet } = await dns.listTagsForResource({ ResourceType: "hostedzone", ResourceId: id });
      const vpcs = found.VPCs?.map(({ VPCId }) => ({ vpcId: VPCId }));
      const inputs = {
        name: found.HostedZone.Name?.replace(/\.$/, ""),
        comment: found.HostedZone.Config?.Comment ?? last.comment,
        ...(vpcs && vpcs.length > 0 ? { vpcs } : {}),
        ...fromTags(ResourceTagSet?.Tags),
      };
      return { inputs: properties(inputs), outputs: { zoneId: id, arn: `arn:aws:route53:::hostedzone/${id}` } };
    },
    async update(id, inputs, _call, olds) {
      await retag(cloud, id, olds, inputs);
    },
    async delete(id) {
      await ifThere((await cloud.dns()).deleteHostedZone({ Id: id }));
    },
    async find({ name }) {
      const { HostedZones = [] } = await (await cloud.dns()).listHostedZonesByName({ DNSName: name });
      const same = HostedZones.filter((zone) => zone.Name === `${name}.`);
      return same.length === 1 ? idOf(same[0]?.Id ?? "") : undefined;
    },
  }),

  // Upserted: a record that exists is taken over.
  "aws:route53/record:Record": define<Plain<RecordArgs>>({
    replaceOn: ["zoneId", "name", "type"],
    sameIdentity: (olds, news) => ["zoneId", "name", "type"].every((key) => olds[key] === news[key]),
    async create(inputs) {
      await put(cloud, "UPSERT", inputs);
      return [inputs.zoneId, inputs.name, inputs.type].join("_");
    },
    async read(id) {
      const [HostedZoneId = "", name = "", type] = id.split("_");
      const found = await ifThere((await cloud.dns()).listResourceRecordSets({ HostedZoneId, StartRecordName: name }));
      const held = found?.ResourceRecordSets?.find((each) => each.Name === `${name}.` && each.Type === type);
      if (!held) return undefined;
      const inputs = { zoneId: HostedZoneId, name, type, ...fromSet(held) };
      return { inputs: properties(inputs), outputs: { fqdn: name } };
    },
    async update(_id, inputs) {
      await put(cloud, "UPSERT", inputs);
    },
    async delete(_id, _call, last) {
      await ifThere(put(cloud, "DELETE", last as Plain<RecordArgs>));
    },
  }),
});

async function put(cloud: Cloud, Action: Change["Action"], inputs: Plain<RecordArgs>): Promise<void> {
  const [alias] = inputs.aliases ?? [];
  const ResourceRecordSet: ResourceRecordSet = {
    Name: inputs.name,
    Type: inputs.type as "A",
    ...(alias
      ? {
          AliasTarget: {
            DNSName: alias.name,
            HostedZoneId: alias.zoneId,
            EvaluateTargetHealth: alias.evaluateTargetHealth,
          },
        }
      : { TTL: inputs.ttl, ResourceRecords: inputs.records?.map((Value) => ({ Value })) }),
  };
  const ChangeBatch = { Changes: [{ Action, ResourceRecordSet }] };
  await (await cloud.dns()).changeResourceRecordSets({ HostedZoneId: inputs.zoneId, ChangeBatch });
}

function fromSet({ AliasTarget, TTL, ResourceRecords = [] }: ResourceRecordSet) {
  if (!AliasTarget) return { ttl: TTL, records: ResourceRecords.map(({ Value }) => Value) };
  const { DNSName, HostedZoneId, EvaluateTargetHealth } = AliasTarget;
  const name = DNSName?.replace(/\.$/, "");
  return { aliases: [{ name, zoneId: HostedZoneId, evaluateTargetHealth: EvaluateTargetHealth }] };
}

/** `/hostedzone/Z…` as the service says it. */
function idOf(answer: string): string {
  return answer.split("/").at(-1) ?? answer;
}

async function retag(cloud: Cloud, ResourceId: string, olds: Tagged, news: Tagged): Promise<void> {
  const dns = await cloud.dns();
  const zone = { ResourceType: "hostedzone", ResourceId } as const;
  await changeTags(olds.tags, news.tags, {
    set: (tags) => dns.changeTagsForResource({ ...zone, AddTags: toTags(tags) }),
    remove: (RemoveTagKeys) => dns.changeTagsForResource({ ...zone, RemoveTagKeys }),
  });
}
