/** A compute plane whose clock is not the region's: what differs a little changes nothing, what differs much is said. */
import { ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { clockOff } from "../support/clock.ts";
import { environment } from "../support/local-run.ts";
import { recordProblems } from "../support/order.ts";
import { runClient } from "../support/runs.ts";

const { org, project, domain } = environment;
const long = process.env.BIPLANE_LONG === "1";
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");
const services = ["executor", "objectstore", "logs"];
const drillMs = 180_000;
/** The pods of before are still asked while they end. */
const patience = { timeout: 40_000, interval: 1_000 };

const askForLink = async () =>
  api(DataProxyService, await accessToken()).createUploadLocation({
    org,
    project,
    domain,
    filename: "clock.bin",
    contentMd5: new Uint8Array(16),
  });

describe.skipIf(!ours)("a compute plane", () => {
  it.each(long ? [40, -40, -600] : [-40])(
    "whose clock is off by %d seconds serves its users, and tells the states of their work in order",
    async (seconds) => {
      const back = await clockOff(services, seconds);
      try {
        const { name, result } = await runExample("hello", "hello", ["--name", `${seconds}`, "--n", "1"], {
          prints: ["saying hello"],
        });
        expect(result.exitCode, result.stderr).toBe(0);
        expect(result.stdout).toContain("saying hello");
        expect(recordProblems(await (await runClient()).ended(name))).toEqual([]);
      } finally {
        await back();
      }
    },
    drillMs,
  );

  it.runIf(long)(
    "whose clock is minutes ahead refuses what the region has signed, and says so",
    async () => {
      const back = await clockOff(services, 600);
      try {
        await vi.waitFor(async () => {
          const refusal = await askForLink().then(() => undefined, ConnectError.from);
          expect(refusal?.rawMessage).toMatch(/by the clock of this compute plane, where it is \d{4}-/);
        }, patience);
      } finally {
        await back();
      }
      await vi.waitFor(async () => expect((await askForLink()).signedUrl).toMatch(/^https:/), patience);
    },
    drillMs,
  );
});
