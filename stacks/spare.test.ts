import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Resource } from "@pulumi/pulumi";
import type { IEngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages, { type LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import { expect, it, vi } from "vitest";
import { dropDebugMessages, dropSourcePositions } from "./spare.ts";

const { LogRequest: Request, LogSeverity } = engineMessages;

it("debug messages are answered on the spot, and all others are told the engine as they were given", () => {
  const told: string[] = [];
  const engine = {
    log(request: LogRequest, answer: () => void) {
      expect(this).toBe(engine);
      told.push(request.getMessage());
      answer();
    },
  };
  dropDebugMessages(engine as unknown as Pick<IEngineClient, "log">);
  const answered = vi.fn();
  for (const word of ["DEBUG", "INFO", "WARNING", "ERROR"] as const) {
    engine.log(new Request().setMessage(word).setSeverity(LogSeverity[word]), answered);
  }
  expect(answered).toHaveBeenCalledTimes(4);
  expect(told).toEqual(["INFO", "WARNING", "ERROR"]);
});

it("resources are registered without the places that they were made at, which the SDK asks for by this name", () => {
  const sdk = readFileSync(createRequire(import.meta.url).resolve("@pulumi/pulumi/resource.js"), "utf8");
  expect(sdk.match(/= Resource\.stackTrace\(\d+\);/g)).toHaveLength(1);
  dropSourcePositions();
  expect(Reflect.apply(Reflect.get(Resource, "stackTrace"), Resource, [4])).toEqual([]);
});
