import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { LogService, type TailAppLogsRequest } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { TailLogsRequestSchema } from "../../../gen/flyteidl2/app/app_logs_payload_pb.js";
import { LogsSource } from "../../../gen/flyteidl2/logs/dataplane/payload_pb.js";
import type { Caller } from "../../shared/auth/caller.ts";
import { unavailable } from "../../shared/errors.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { tailAppLogs, wantedLogs } from "./app-logs.ts";

const appId = { org: "acme", project: "demo", domain: "development", name: "web" };
const wanted = { org: "acme", project: "demo", domain: "development", app: "web", replica: "" };
const said = (replica: string, ...seconds: number[]) => ({
  replica,
  lines: seconds.map((second) => ({ timestamp: timestampFromMs(second * 1000), message: `${replica} ${second}` })),
});

/** @param connections what each says, message by message, before it is lost, the last one before it ends */
async function told(...connections: ReturnType<typeof said>[][][]) {
  const asked: TailAppLogsRequest[] = [];
  const transport = createRouterTransport((router) => {
    router.service(LogService, {
      async *tailAppLogs(request) {
        asked.push(request);
        for (const replicas of connections[asked.length - 1] ?? []) yield { replicas };
        if (asked.length < connections.length) throw unavailable("the tunnel went");
      },
    });
  });
  const options = { call: async () => ({}), signal: new AbortController().signal, log: recordingLog().log };
  const all: string[] = [];
  for await (const { resp } of tailAppLogs(createClient(LogService, transport), wanted, options)) {
    if (resp?.case !== "batches") continue;
    for (const one of resp.value.logs ?? []) {
      expect(one.structuredLines?.map(({ message }) => message)).toEqual(one.lines);
      expect(one.replicaId).toMatchObject({ appId, name: one.lines?.[0]?.split(" ")[0] });
      all.push(...(one.lines ?? []));
    }
  }
  const since = asked.map(({ told: left }) => left.map((one) => `${one.replica} ${one.since?.seconds}`).sort());
  return { all, since };
}

describe("what an app's replicas say", () => {
  it("is told by replica, each line once, though the tunnel goes and one of them is behind the other", async () => {
    const { all, since } = await told(
      [
        [said("a"), said("b"), said("c")],
        [said("a", 1), said("b", 2, 5)],
      ],
      [
        [said("a"), said("b"), said("c")],
        [said("a", 1, 3), said("b", 5), said("a", 6)],
      ],
    );
    expect(all).toEqual(["a 1", "b 2", "b 5", "a 3", "a 6"]);
    expect(since).toEqual([[], ["a 1", "b 5"]]);
  });

  it("is told of a replica whose clock is set back", async () => {
    const { all } = await told([[said("a")], [said("a", 5, 3)], [said("a", 4, 6)]]);
    expect(all).toEqual(["a 5", "a 3", "a 4", "a 6"]);
  });

  it("is asked for no more of a replica that is gone, once it was told to its end", async () => {
    const { all, since } = await told(
      [[said("a"), said("b")], [said("a", 1), said("b", 2)], [said("c")], [said("c", 3)]],
      // The log store's, of one that is not there any more.
      [[said("b"), said("c")], [said("a", 1, 4)]],
      [[said("b"), said("c")]],
    );
    expect(all).toEqual(["a 1", "b 2", "c 3", "a 4"]);
    expect(since).toEqual([[], ["a 1", "b 2", "c 3"], ["b 2", "c 3"]]);
  });

  it("is asked for by the app, or by one of its replicas", () => {
    const asked = (target: object) => wantedLogs(caller, create(TailLogsRequestSchema, { target: target as never }));
    expect(asked({ case: "appId", value: appId })).toEqual(wanted);
    expect(asked({ case: "replicaId", value: { appId, name: "web-1" } })).toEqual({ ...wanted, replica: "web-1" });
  });

  it.each([
    ["no app", {}, "InvalidArgument"],
    ["a replica of no app", { target: { case: "replicaId", value: { name: "web-1" } } }, "InvalidArgument"],
    ["another organisation's", { target: { case: "appId", value: { ...appId, org: "globex" } } }, "PermissionDenied"],
    [
      "what is only in a store",
      { target: { case: "appId", value: appId }, source: LogsSource.PERSISTED_ONLY },
      "Unimplemented",
    ],
  ])("is refused of %s", async (_, request, code) => {
    const message = create(TailLogsRequestSchema, request as never);
    expect(await codeOf((async () => wantedLogs(caller, message))())).toBe(code);
  });
});

const caller = { org: "acme" } as Caller;
