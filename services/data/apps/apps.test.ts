import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Spec_DesiredState as Desired, SpecSchema } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import { recordingLog } from "../../shared/testing/log.ts";
import { type Apps, startApps } from "./apps.ts";
import { annotations } from "./knative.ts";
import { planService } from "./plan.ts";
import { appSettings, desired } from "./testing/apps.ts";
import { type FakeRegion, type FakeServing, fakeRegion, fakeServing } from "./testing/fake-region.ts";

let running: Apps | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

function start(region: FakeRegion, serving: FakeServing): Apps {
  const { log } = recordingLog();
  running = startApps({
    ...{ cluster: serving, watch: serving.watch, upstream: { transport: region.transport } },
    ...{ settings: appSettings, appsDomain: "apps.acme.test", log },
  });
  return running;
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 5 });
const key = "demo-development/hello";
const stopped = (revision: bigint) =>
  desired({}, { revision, spec: create(SpecSchema, { ...desired().spec, desiredState: Desired.STOPPED }) });

describe("the apps of a region", () => {
  it("become Services, once each, and their states come back", async () => {
    const [region, serving] = [fakeRegion(), fakeServing()];
    region.want(desired());
    start(region, serving);
    await eventually(() => expect(region.told("hello")).toEqual(["DEPLOYING"]));
    expect(region.domains).toEqual(["apps.acme.test"]);
    serving.ready("hello", "True");
    await eventually(() => expect(region.told("hello")).toEqual(["DEPLOYING", "ACTIVE"]));
    // Nothing new is nothing to tell, and nothing to apply.
    serving.ready("hello", "True");
    serving.ready("hello", "False", "RevisionFailed");
    await eventually(() => expect(region.told("hello")).toEqual(["DEPLOYING", "ACTIVE", "FAILED"]));
    expect(serving.done).toEqual([`apply ${key}`]);
    expect(region.reports.at(-1)).toMatchObject({ revision: 1n, key: { uid: "u1" } });
  });

  it("are changed by a new revision, stopped, started again and removed", async () => {
    const [region, serving] = [fakeRegion(), fakeServing()];
    start(region, serving);
    region.want(desired());
    await eventually(() => expect(serving.services.has(key)).toBe(true));
    region.want(desired({ autoscaling: { replicas: { min: 1, max: 2 } } }, { revision: 2n }));
    await eventually(() => expect(serving.services.get(key)?.metadata.annotations?.[annotations.revision]).toBe("2"));
    region.want(stopped(3n));
    await eventually(() => expect(region.told("hello").at(-1)).toBe("STOPPED"));
    expect(serving.services.size).toBe(0);
    region.want(desired({}, { revision: 4n }));
    await eventually(() => expect(serving.services.has(key)).toBe(true));
    region.drop(desired());
    await eventually(() => expect(serving.services.size).toBe(0));
  });

  it("are refused in the cluster's words, and nothing is made of them", async () => {
    const [region, serving] = [fakeRegion(), fakeServing()];
    region.want(desired({}, { project: "other" }));
    start(region, serving);
    await eventually(() => expect(region.told("hello")).toEqual(["FAILED"]));
    expect(region.reports[0]?.message).toMatch(/other\/development is not served by this cluster/);
    serving.refuse = "the cluster refused the app: exceeded quota";
    region.want(desired({}, { uid: "u2", revision: 2n }));
    await eventually(() => expect(region.reports.at(-1)?.message).toBe(serving.refuse));
    expect(serving.done).toEqual([]);
  });
});

describe("an outage of the region", () => {
  it("stops nothing, and all that happened meanwhile is told and done after it", async () => {
    const [region, serving] = [fakeRegion(), fakeServing()];
    const [kept, dropped] = [desired(), desired({}, { name: "other", uid: "u9" })];
    region.want(kept);
    region.want(dropped);
    start(region, serving);
    await eventually(() => expect(serving.services.size).toBe(2));
    region.away = true;
    serving.ready("hello", "True");
    region.drop(dropped);
    await eventually(() => expect(running?.pendingReports()).toBe(1));
    expect([...serving.services.keys()].sort()).toEqual([key, "demo-development/other"]);
    region.away = false;
    await eventually(() => expect(region.told("hello").at(-1)).toBe("ACTIVE"));
    await eventually(() => expect([...serving.services.keys()]).toEqual([key]));
  });

  it("that begins before its first list leaves what is there alone", async () => {
    const [region, serving] = [fakeRegion(), fakeServing()];
    const service = planService(desired(), appSettings);
    serving.services.set(key, service);
    region.away = true;
    const apps = start(region, serving);
    await eventually(() => expect(apps.ready()).resolves.toBeUndefined());
    serving.ready("hello", "True");
    expect(serving.done).toEqual([]);
    region.away = false;
    // Not among what the region wants: removed, now that this is known.
    await eventually(() => expect(serving.done).toEqual([`remove ${key}`]));
  });

  it("has the present state told again, since the region may have lost it", async () => {
    const [region, serving] = [fakeRegion(), fakeServing()];
    region.want(desired());
    start(region, serving);
    await eventually(() => expect(region.told("hello")).toEqual(["DEPLOYING"]));
    region.reports.length = 0;
    region.away = true;
    region.away = false;
    await eventually(() => expect(region.told("hello")).toEqual(["DEPLOYING"]));
    expect(serving.done).toEqual([`apply ${key}`]);
  });
});
