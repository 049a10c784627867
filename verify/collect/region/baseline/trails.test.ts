import { describe, expect, it } from "vitest";
import { eventsOf } from "./trails.ts";

const objects = (ReadWriteType: "All" | "ReadOnly" | "WriteOnly", ...Values: string[]) => ({
  ReadWriteType,
  DataResources: [{ Type: "AWS::S3::Object", Values }],
});
const field = (Field: string, ...Equals: string[]) => ({ Field, Equals });

describe("what a trail records", () => {
  it("is what its selectors name, by reads and writes", () => {
    expect(eventsOf([objects("All", "a/"), objects("WriteOnly", "b/")], [])).toEqual({
      management: { reads: true, writes: true },
      objects: { reads: ["a/"], writes: ["a/", "b/"] },
    });
    expect(eventsOf([{ ReadWriteType: "ReadOnly" }], []).management).toEqual({ reads: true, writes: false });
  });

  it("is not all where a service or the calls to the API are left out", () => {
    expect(eventsOf([{ ExcludeManagementEventSources: ["kms.amazonaws.com"] }], []).management.reads).toBe(false);
    expect(eventsOf([{ IncludeManagementEvents: false }], []).management.writes).toBe(false);
    expect(eventsOf([], []).management).toEqual({ reads: false, writes: false });
  });

  it("is by advanced selectors what none of their fields narrows", () => {
    const management = { FieldSelectors: [field("eventCategory", "Management")] };
    const data = [field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object")];
    expect(eventsOf([], [management, { FieldSelectors: data }])).toEqual({
      management: { reads: true, writes: true },
      objects: { reads: ["arn:aws:s3"], writes: ["arn:aws:s3"] },
    });
    const one = { Field: "resources.ARN", StartsWith: ["arn:aws:s3:::b/"] };
    const written = { FieldSelectors: [...data, field("readOnly", "false"), one] };
    expect(eventsOf([], [written]).objects).toEqual({ reads: [], writes: ["arn:aws:s3:::b/"] });
    const without = { FieldSelectors: [...data, { ...one, NotStartsWith: ["arn:aws:s3:::b/secret/"] }] };
    expect(eventsOf([], [without]).objects).toEqual({ reads: [], writes: [] });
    const narrow = { FieldSelectors: [...data, field("eventName", "PutObject")] };
    expect(eventsOf([], [narrow]).objects).toEqual({ reads: [], writes: [] });
    const few = { FieldSelectors: [...(management.FieldSelectors ?? []), field("eventSource", "iam.amazonaws.com")] };
    expect(eventsOf([], [few]).management.reads).toBe(false);
  });
});
