import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { IdentityService } from "../../gen/flyteidl2/auth/identity_pb.js";
import { answering } from "../../services/shared/testing/answering.ts";
import type { ProbedCall } from "../facts-probes.ts";
import { answered, whatWasAnswered } from "./calls.ts";

/** A service that says these one after the other, and the last for ever. */
function saying(...codes: string[]) {
  let asked = 0;
  const ask = (): Promise<ProbedCall> => {
    const code = codes[Math.min(asked++, codes.length - 1)] ?? "";
    return Promise.resolve({ method: "a.Service/Get", credential: "none", code, told: "upstream reset" });
  };
  return { ask, times: () => asked };
}

describe("a call of somebody whom nobody knows", () => {
  it("is asked again while its service is away, and ends with the service's own word", async () => {
    const service = saying("Unavailable", "Unavailable", "Unauthenticated");
    expect((await answered(service.ask, 1_000, 1)).code).toBe("Unauthenticated");
    expect(service.times()).toBe(3);
  });

  it("is refused by nobody where the service stays away", async () => {
    const away = answered(saying("Unavailable").ask, 20, 1);
    await expect(away).rejects.toThrow("a.Service/Get did not answer for 0.02 s, with credential none: upstream reset");
  });

  it("that stays open without a word is asked once more, and that is its answer", async () => {
    const open = saying("DeadlineExceeded");
    expect((await answered(open.ask, 1_000, 1)).code).toBe("DeadlineExceeded");
    expect(open.times()).toBe(2);
  });

  it.each(["Ok", "PermissionDenied", "Internal"])("that is answered %s is not asked again", async (code) => {
    const service = saying(code);
    expect((await answered(service.ask, 1_000, 1)).code).toBe(code);
    expect(service.times()).toBe(1);
  });
});

describe("what a call ended with", () => {
  it("is no answer where the connection was lost", async () => {
    expect((await endOf("the end of the connection")).code).toBe(Code.Unavailable);
  });

  it("is the service's answer otherwise", async () => {
    expect(await endOf("a refusal")).toEqual({ code: Code.PermissionDenied, told: "not you" });
  });

  it("is silence where the time was up, whatever ended the call", () => {
    const late = new ConnectError("too late", Code.DeadlineExceeded, undefined, undefined, new Error("aborted"));
    expect(whatWasAnswered(late).code).toBe(Code.DeadlineExceeded);
  });
});

async function endOf(answer: "the end of the connection" | "a refusal") {
  const server = await answering((stream, cut) => {
    if (answer === "the end of the connection") return cut();
    stream.respond({ ":status": 403, "content-type": "application/json" });
    stream.end(JSON.stringify({ code: "permission_denied", message: "not you" }));
  });
  const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "2" });
  const { userInfo } = createClient(IdentityService, transport);
  const error = await userInfo({}).catch((thrown: unknown) => ConnectError.from(thrown));
  server.close();
  if (!(error instanceof ConnectError)) throw new Error("the call was answered");
  return whatWasAnswered(error);
}
