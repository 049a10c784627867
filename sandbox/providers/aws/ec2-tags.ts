/** Tags and names of EC2's objects, which all have them in the same way. */
import type { EC2, ResourceType as TaggedType } from "@aws-sdk/client-ec2";
import type { Cloud } from "./cloud.ts";
import { changeTags, type Tags, toTags } from "./helpers.ts";

export function tagged(type: TaggedType, tags: Tags | undefined) {
  return tags && Object.keys(tags).length > 0 ? [{ ResourceType: type, Tags: toTags(tags) }] : undefined;
}

export async function retag(ec2: EC2, id: string, olds: Tags | undefined, news: Tags | undefined): Promise<void> {
  await changeTags(olds, news, {
    set: (tags) => ec2.createTags({ Resources: [id], Tags: toTags(tags) }),
    remove: (keys) => ec2.deleteTags({ Resources: [id], Tags: keys.map((Key) => ({ Key })) }),
  });
}

/** The one object that bears exactly these tags: how to find what has no name of its own. */
export async function byTags(ec2: EC2, type: TaggedType, tags: Tags | undefined): Promise<string | undefined> {
  const wanted = Object.entries(tags ?? {});
  if (wanted.length === 0) return undefined;
  const found = await ec2.describeTags({ Filters: [{ Name: "resource-type", Values: [type] }] });
  const held = new Map<string, Tags>();
  for (const { ResourceId = "", Key = "", Value = "" } of found.Tags ?? []) {
    held.set(ResourceId, { ...held.get(ResourceId), [Key]: Value });
  }
  const same = [...held].filter(
    ([, own]) => Object.keys(own).length === wanted.length && wanted.every(([key, value]) => own[key] === value),
  );
  return same.length === 1 ? same[0]?.[0] : undefined;
}

export function arnOf(cloud: Cloud, kind: string, id: string): string {
  return `arn:aws:ec2:${cloud.region}:${cloud.account}:${kind}/${id}`;
}
