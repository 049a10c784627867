import { describe, expect, it } from "vitest";
import type { ProbedCall } from "../facts-probes.ts";
import { answered } from "./calls.ts";

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
