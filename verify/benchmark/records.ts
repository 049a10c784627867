/** Section 3 of the benchmark: what is recorded, and how well it is kept. */
import type { TrailEventsFact } from "../facts-baseline.ts";
import type { TrailFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { type BenchmarkFacts, change, each, type Judged, judged } from "./judged.ts";
import type { Decided } from "./table.ts";

const hoursOfADay = 24;
/** In a trail's selectors: the objects of every bucket. */
const everyObject = ["arn:aws:s3", "arn:aws:s3:::"];

export const records = {
  "3.1": {
    judge: (facts) => {
      const whole = both(facts).find(
        ({ trail, events }) =>
          trail.logging && trail.allRegions && events?.management.reads && events.management.writes,
      );
      return [whole ? pass(whole.trail.arn, "every call, in all regions") : fail("account", "no trail records it all")];
    },
    broken: "the trails leave out what only reads",
    breakIt: ({ regionTrailEvents }) => {
      for (const { management } of regionTrailEvents) management.reads = false;
    },
  },
  "3.2": {
    judge: ({ regionTrails }) =>
      regionTrails.map(({ arn, validated }) =>
        judged(validated, arn, validated ? "digests" : "no digests of its files"),
      ),
    broken: "the last trail's files cannot be verified",
    breakIt: ({ regionTrails }) => change(regionTrails.at(-1), { validated: false }),
  },
  "3.3": {
    judge: (facts) =>
      ofEvents(facts, ({ bucket, bucketBlocked }) => {
        const ok = bucketBlocked || facts.regionPublicAccess.blocked;
        return judged(ok, `bucket ${bucket}`, ok ? "cannot be public" : "nothing keeps it from being public");
      }),
    broken: "the last trail's bucket may be public",
    breakIt: ({ regionTrailEvents, regionPublicAccess }) => {
      regionPublicAccess.blocked = false;
      return change(regionTrailEvents.at(-1), { bucketBlocked: false });
    },
  },
  "3.4": {
    judge: (facts) =>
      ofEvents(facts, ({ logsHoursAgo }, { arn, logGroup }) =>
        judged(
          logGroup !== undefined && logsHoursAgo !== undefined && logsHoursAgo <= hoursOfADay,
          arn,
          `${logGroup ?? "no log group"}, last delivery ${logsHoursAgo?.toFixed(1) ?? "unknown"} hours ago`,
        ),
      ),
    broken: "the last trail's log group has had nothing for two days",
    breakIt: ({ regionTrailEvents }) => change(regionTrailEvents.at(-1), { logsHoursAgo: 48 }),
  },
  "3.5": {
    judge: ({ regionRecorders }) => [
      ...regionRecorders.map(({ region, recorders }) => {
        const whole = recorders.find(({ all, recording, last }) => all && recording && last === "SUCCESS");
        return judged(whole !== undefined, region, whole ? `${whole.name} records all` : "nothing records all of it");
      }),
      regionRecorders.some(({ recorders }) => recorders.some(({ global, recording }) => global && recording))
        ? pass("account", "what lies in no region is recorded in one")
        : fail("account", "what lies in no region is recorded nowhere"),
    ],
    broken: "the last region's recorder stands still",
    breakIt: ({ regionRecorders }) => change(regionRecorders.at(-1)?.recorders.at(-1), { recording: false }),
  },
  "3.6": {
    judge: (facts) =>
      ofEvents(facts, ({ bucket, bucketLogged }) =>
        judged(bucketLogged, `bucket ${bucket}`, bucketLogged ? "access is logged" : "access is not logged"),
      ),
    broken: "nobody sees who reads the last trail's bucket",
    breakIt: ({ regionTrailEvents }) => change(regionTrailEvents.at(-1), { bucketLogged: false }),
  },
  "3.7": {
    judge: ({ regionTrails }) =>
      regionTrails.map(({ arn, keyArn }) => judged(keyArn !== undefined, arn, keyArn ?? "no key of the account's own")),
    broken: "the last trail has no key",
    breakIt: ({ regionTrails }) => {
      const last = regionTrails.at(-1);
      if (!last) return false;
      delete last.keyArn;
      return undefined;
    },
  },
  "3.8": {
    judge: ({ regionSealing }) =>
      each(
        regionSealing
          .flatMap(({ keys }) => keys)
          .filter(
            ({ manager, spec, state }) => manager === "CUSTOMER" && spec === "SYMMETRIC_DEFAULT" && state === "Enabled",
          ),
        ({ arn, rotates }) => judged(rotates, arn, rotates ? "rotates" : "does not rotate"),
        "there is no symmetric key of the account's own",
      ),
    broken: "a key of the last region does not rotate",
    breakIt: ({ regionSealing }) => {
      const last = regionSealing.at(-1);
      if (!last) return false;
      const key = { spec: "SYMMETRIC_DEFAULT", usage: "ENCRYPT_DECRYPT", state: "Enabled", manager: "CUSTOMER" };
      last.keys.push({ arn: "arn:aws:kms:eu-west-1:111111111111:key/still", ...key, rotates: false });
      return undefined;
    },
  },
  "3.9": {
    judge: ({ regionNetworks }) =>
      each(
        regionNetworks.flatMap(({ networks }) => networks),
        ({ id, flowLogs }) => {
          const log = flowLogs.find(({ active, traffic }) => active && ["ALL", "REJECT"].includes(traffic));
          return judged(log !== undefined, id, log ? `${log.id} logs ${log.traffic}` : "no active log of its flows");
        },
        "there is no network",
      ),
    broken: "the last network logs nothing",
    breakIt: ({ regionNetworks }) => change(regionNetworks.at(-1)?.networks.at(-1), { flowLogs: [] }),
  },
  "3.10": {
    judge: (facts) => ofObjects(facts, "writes"),
    broken: "writes to objects are not recorded",
    breakIt: ({ regionTrailEvents }) => {
      for (const { objects } of regionTrailEvents) objects.writes = [];
    },
  },
  "3.11": {
    judge: (facts) => ofObjects(facts, "reads"),
    broken: "reads of objects are not recorded",
    breakIt: ({ regionTrailEvents }) => {
      for (const { objects } of regionTrailEvents) objects.reads = [];
    },
  },
} as const satisfies Partial<Record<Decided, Judged>>;

function both({ regionTrails, regionTrailEvents }: BenchmarkFacts) {
  return regionTrails.map((trail) => ({ trail, events: regionTrailEvents.find(({ arn }) => arn === trail.arn) }));
}

function ofEvents(facts: BenchmarkFacts, judge: (events: TrailEventsFact, trail: TrailFact) => Finding): Finding[] {
  return both(facts).map(({ trail, events }) =>
    events ? judge(events, trail) : fail(trail.arn, "nothing was read of what it records"),
  );
}

function ofObjects(facts: BenchmarkFacts, kind: "reads" | "writes"): Finding[] {
  const recorded = both(facts).flatMap(({ trail, events }) => (trail.logging && events ? events.objects[kind] : []));
  return facts.regionBuckets.map(({ name }) => {
    const covered = [...everyObject, `arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/`];
    const ok = recorded.some((prefix) => covered.includes(prefix));
    return judged(ok, `bucket ${name}`, ok ? `${kind} of its objects are recorded` : `no trail records ${kind}`);
  });
}
