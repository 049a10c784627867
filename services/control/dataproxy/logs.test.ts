import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { LogService } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { denied } from "../../shared/errors.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { tailLogs } from "./logs.ts";

const line = (second: number, message: string) => ({
  lines: [{ timestamp: timestampFromMs(second * 1000), message }],
});

type Connection = (context: HandlerContext) => AsyncIterable<ReturnType<typeof line>>;

/** A plane that answers the first connection by the first function, and so on. */
function plane(...connections: Connection[]) {
  const statements: (string | null)[] = [];
  const transport = createRouterTransport((router) => {
    router.service(LogService, {
      async *tailLogs(_request, context) {
        const answer = connections[statements.length];
        statements.push(context.requestHeader.get("biplane-grants"));
        if (!answer) throw new Error("one connection too many");
        yield* answer(context);
      },
    });
  });
  let stated = 0;
  const call = async () => ({ headers: { "biplane-grants": String(++stated) } });
  const { signal } = new AbortController();
  const { log } = recordingLog();
  return { statements, tail: () => tailLogs(createClient(LogService, transport), {}, { call, signal, log }) };
}

async function* saidThenDenied(first: ReturnType<typeof line>) {
  yield first;
  throw denied("what the request carries of its caller's grants is not valid, or has expired");
}

// biome-ignore lint/correctness/useYield: a connection that is refused before its first message.
async function* refused(): AsyncGenerator<ReturnType<typeof line>> {
  throw denied("the caller was not granted it");
}

async function said(messages: AsyncIterable<{ logs?: { lines?: { message?: string }[] }[] }>) {
  const all: (string | undefined)[] = [];
  for await (const { logs = [] } of messages)
    all.push(...logs.flatMap(({ lines = [] }) => lines.map((one) => one.message)));
  return all;
}

describe("a log that is followed for longer than a plane believes what Identity states", () => {
  it("goes on by a newer statement, every line once", async () => {
    const { statements, tail } = plane(
      () => saidThenDenied(line(1, "one")),
      async function* () {
        yield line(1, "one");
        yield line(2, "two");
      },
    );
    expect(await said(tail())).toEqual(["one", "two"]);
    expect(statements).toEqual(["1", "2"]);
  });

  it("ends once the caller may not have it: a newer statement is refused too", async () => {
    const { statements, tail } = plane(() => saidThenDenied(line(1, "one")), refused);
    expect(await codeOf(said(tail()))).toBe("PermissionDenied");
    expect(statements.length).toBe(2);
  });

  it("is not asked for again where the first answer is a refusal", async () => {
    const { statements, tail } = plane(refused);
    expect(await codeOf(said(tail()))).toBe("PermissionDenied");
    expect(statements.length).toBe(1);
  });
});
