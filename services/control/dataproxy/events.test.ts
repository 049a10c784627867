import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { Event_Type, EventService } from "../../../gen/biplane/events/v1/events_pb.js";
import { ClusterEvent_Type } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { recordingLog } from "../../shared/testing/log.ts";
import { watchClusterEvents } from "./events.ts";

interface Said {
  id: string;
  count: number;
}

/** Events and endings, as a plane sends them; each connection by the next of these. */
async function told(connections: (Said[] | Code)[][]): Promise<string[][]> {
  let opened = 0;
  const transport = createRouterTransport((router) => {
    router.service(EventService, {
      async *watchEvents() {
        for (const next of connections[opened++] ?? []) {
          if (typeof next === "number") throw new ConnectError("ended", next);
          yield { events: next.map((each) => ({ ...each, reason: each.id, type: Event_Type.WARNING })) };
        }
      },
    });
  });
  const { signal } = new AbortController();
  const options = { call: async () => ({}), signal, log: recordingLog().log };
  const all: string[][] = [];
  for await (const { clusterEvents = [] } of watchClusterEvents(createClient(EventService, transport), {}, options)) {
    expect(clusterEvents.every(({ type }) => type === ClusterEvent_Type.WARNING)).toBe(true);
    all.push(clusterEvents.map(({ reason, count }) => `${reason} ${count}`));
  }
  expect(opened).toBe(connections.length);
  return all;
}

const [one, two] = [
  { id: "Pulling", count: 1 },
  { id: "BackOff", count: 1 },
];

it("events over a stream that was lost are told once, and once more for each time that they are counted again", async () => {
  const again = [one, { ...two, count: 2 }];
  expect(await told([[[one], [two], Code.Unavailable], [again]])).toEqual([
    ["Pulling 1"],
    ["BackOff 1"],
    [],
    ["BackOff 2"],
  ]);
});

it("a stream of events stays alive while there is none", async () => {
  expect(await told([[[], [one], []]])).toEqual([[], ["Pulling 1"], []]);
});

it("a stream of events whose plane wants a newer word of the caller goes on by it", async () => {
  expect(await told([[[one], Code.PermissionDenied], [[one, two]]])).toEqual([["Pulling 1"], [], ["BackOff 1"]]);
});
