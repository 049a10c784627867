import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import {
  Status_DeploymentStatus as Status,
  Status_Substate as Substate,
} from "../../../gen/flyteidl2/app/app_definition_pb.js";
import { recordingLog } from "../../shared/testing/log.ts";
import { AppReporter, type Told } from "./reporter.ts";
import { desired } from "./testing/apps.ts";

const told = (name: string, message = ""): Told => ({
  app: desired({}, { name, uid: name }),
  ...{ status: Status.ACTIVE, substate: Substate.RUNNING, message, replicas: 1, observedAt: 0 },
});

/** A region that refuses whatever names one of these, and what it has taken. */
function reporting(...bad: string[]) {
  const { log, lines } = recordingLog();
  const taken: string[] = [];
  const sizes: number[] = [];
  const reporter = new AppReporter({
    async send(reports) {
      sizes.push(reports.length);
      if (reports.some(({ app }) => bad.includes(app.name))) throw new ConnectError("replicas", Code.InvalidArgument);
      taken.push(...reports.map(({ app }) => app.name));
    },
    log,
    pause: () => Promise.reject(new Error("a refusal is not waited for")),
  });
  return { reporter, taken, sizes, lines };
}

describe("a report that the region refuses", () => {
  const names = Array.from({ length: 150 }, (_, at) => `app-${at}`);

  it("holds up no other, and is told in the log once for each app", async () => {
    const { reporter, taken, sizes, lines } = reporting("app-0", "app-77");
    for (const name of names) reporter.tell(told(name));
    await vi.waitFor(() => expect(reporter.pending).toBe(0));
    expect(taken.toSorted()).toEqual(names.filter((name) => !["app-0", "app-77"].includes(name)).toSorted());
    expect(lines.filter((line) => line.includes("refuses a report"))).toHaveLength(2);
    expect(sizes.length).toBeLessThan(40);
  });

  it("is not told again, and what comes of the app later is", async () => {
    const { reporter, sizes } = reporting("odd");
    reporter.tell(told("odd"));
    await vi.waitFor(() => expect(reporter.pending).toBe(0));
    reporter.tell(told("odd"));
    expect(reporter.pending).toBe(0);
    reporter.tell(told("odd", "changed"));
    await vi.waitFor(() => expect(sizes).toHaveLength(2));
  });
});
