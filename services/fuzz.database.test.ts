/** Every public RPC under messages that no client sends, and bytes that are no messages: as an administrator, who passes. */
import { type DescMethod, type DescService, toBinary } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settledHeapBytes } from "./shared/testing/heap.ts";
import { nameOf, services } from "./testing/public-methods.ts";
import { oneOf, type Random, randomBytes, randomMessage, seededRandom } from "./testing/random-message.ts";
import { type RegionWorld, startRegionWorld } from "./testing/region-world.ts";

const perService = process.env.BIPLANE_LONG === "1" ? 10_000 : 500;
/** Of them, how many are no messages: random, cut, changed, or under another name. */
const rawShare = 0.25;
const atOnce = 16;
/** A stream that says nothing for so long is left: some are watches in which nothing happens. */
const quietMs = 1_000;
/** Whatever else says nothing for so long is a failure. */
const lostMs = 60_000;
const seed = Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000);

let world: RegionWorld;
let authorization: string;
const warnings: string[] = [];
const hear = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`);

beforeAll(async () => {
  world = await startRegionWorld();
  authorization = `Bearer ${await world.signIn("acme-admin")}`;
  process.on("warning", hear);
});
afterAll(async () => {
  process.off("warning", hear);
  await world.stop();
});

interface Sent {
  method: DescMethod;
  body: Uint8Array;
  type: string;
}

function anyRequest(service: DescService, random: Random): Sent {
  const method = oneOf(random, service.methods);
  const streams = method.methodKind !== "unary";
  const message = toBinary(method.input, randomMessage(method.input, random));
  const body = random() < rawShare ? spoilt(message, random) : message;
  const odd = random() < 0.05;
  const type = odd ? oneOf(random, ["application/json", "text/plain", "", "application/grpc"]) : "application/proto";
  if (!streams || odd) return { method, body, type };
  const envelope = encodeEnvelope(random() < 0.05 ? oneOf(random, [1, 2, 0x80]) : 0, body);
  return { method, body: random() < 0.05 ? spoilt(envelope, random) : envelope, type: "application/connect+proto" };
}

function spoilt(bytes: Uint8Array, random: Random): Uint8Array {
  switch (oneOf(random, ["noise", "cut", "changed", "long"] as const)) {
    case "noise":
      return randomBytes(random, Math.floor(random() * 400));
    case "cut":
      return bytes.subarray(0, Math.floor(random() * bytes.length));
    case "changed": {
      const changed = Uint8Array.from(bytes);
      for (let count = 0; count < 1 + changed.length / 20; count++) {
        changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
      }
      return changed;
    }
    case "long":
      return Buffer.concat([bytes, Buffer.alloc(65_536, oneOf(random, [0, 0x0a, 0xff]))]);
  }
}

/** @returns the HTTP status and what was said; "quiet" where a stream said nothing in time. */
async function send({ method, body, type }: Sent): Promise<{ status: number | "quiet"; said: string }> {
  const headers = { authorization, "content-type": type, "connect-protocol-version": "1" };
  const stream = await world.sessions.request("POST", `/${nameOf(method)}`, headers, {});
  const timer = setTimeout(() => stream.close(), method.methodKind === "unary" ? lostMs : quietMs);
  try {
    const answer = new Promise<{ status: number | "quiet"; said: string }>((resolve) => {
      let status: number | "quiet" = "quiet";
      let said = "";
      stream.on("response", (got) => {
        status = got[":status"] ?? "quiet";
      });
      stream.on("data", (chunk: Buffer) => {
        said = (said + chunk.toString("latin1")).slice(-4_000);
      });
      stream.on("error", () => undefined);
      stream.on("close", () => resolve({ status, said }));
    });
    stream.end(body);
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

/** 501 says that a method is not served, which is no failure; a stream carries its refusal at its end. */
function isFailure({ method }: Sent, { status, said }: Awaited<ReturnType<typeof send>>): boolean {
  if (status === "quiet") return method.methodKind === "unary";
  if (status >= 500 && status !== 501) return true;
  return /"code":"(internal|unknown|data_loss|unavailable)"/.test(said);
}

describe(`chance, with the seed ${seed} (BIPLANE_SEED repeats it)`, () => {
  it.each(services.map((service, index): [string, DescService, number] => [service.typeName, service, seed + index]))(
    "brings nothing out of %s but answers and refusals",
    async (_name, service, from) => {
      const random = seededRandom(from);
      const failures: string[] = [];
      let answered = 0;
      for (let sent = 0; sent < perService; sent += atOnce) {
        const batch = Array.from({ length: Math.min(atOnce, perService - sent) }, () => anyRequest(service, random));
        const answers = await Promise.all(batch.map(send));
        for (const [index, answer] of answers.entries()) {
          if (answer.status !== "quiet") answered += 1;
          const request = batch[index] as Sent;
          if (!isFailure(request, answer)) continue;
          const { method, body, type } = request;
          const bytes = Buffer.from(body).toString("base64").slice(0, 400);
          failures.push(`${method.name} ${type} ${answer.status} ${answer.said.slice(0, 200)} <- ${bytes}`);
        }
      }
      expect(failures.slice(0, 5)).toEqual([]);
      // Otherwise nothing was judged.
      expect(answered).toBeGreaterThan(perService / 10);
    },
    600_000,
  );

  it("leaves the region answering, and keeps nothing of it", async () => {
    const [service] = services.filter(({ name }) => name === "RunService");
    if (!service) throw new Error("no RunService");
    const random = seededRandom(seed);
    const round = async () => {
      for (let sent = 0; sent < perService; sent += atOnce) {
        await Promise.all(Array.from({ length: atOnce }, () => send(anyRequest(service, random))));
      }
      world.lines.length = 0;
      return settledHeapBytes();
    };
    await round();
    const first = await round();
    const second = await round();
    expect(second - first).toBeLessThan(16 * 1024 * 1024);
    await expect(world.signIn("acme-viewer")).resolves.toMatch(/^ey/);
    // A library's, such as that of a date which is none.
    expect(warnings).toEqual([]);
  }, 600_000);
});
