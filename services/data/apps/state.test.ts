import { describe, expect, it } from "vitest";
import {
  Spec_DesiredState as Desired,
  Status_DeploymentStatus as Status,
  Status_Substate as Substate,
} from "../../../gen/flyteidl2/app/app_definition_pb.js";
import type { KnativeRevision, KnativeService } from "./knative.ts";
import { refusedState, stateOf } from "./state.ts";
import { desired, observed, revisionOf } from "./testing/apps.ts";

const app = desired();
const look = (service: KnativeService | undefined, revision?: KnativeRevision, of = app) =>
  stateOf(of, { service, revision: (name) => (name === "hello-00002" ? revision : undefined) });
const ready = (status: "True" | "False" | "Unknown", reason?: string) => [
  { type: "Ready", status, ...(reason ? { reason } : {}) },
];

describe("an app", () => {
  it("serves once Knative says so of what was asked last", () => {
    expect(look(observed(app, ready("True")), revisionOf(2))).toMatchObject({
      ...{ status: Status.ACTIVE, substate: Substate.RUNNING, replicas: 2 },
    });
    expect(look(observed(app, ready("True")), revisionOf(0))).toMatchObject({
      ...{ status: Status.ACTIVE, substate: Substate.SCALED_TO_ZERO, replicas: 0 },
    });
  });

  it.each([
    ["is not there", undefined],
    ["is of an earlier revision", observed(desired({}, { revision: 9n }), ready("True"))],
    ["has not been looked at since", observed(app, ready("True"), { observedGeneration: 2 })],
    ["is not ready yet", observed(app, ready("Unknown", "Deploying"))],
    ["has no condition yet", observed(app, [])],
  ])("is being deployed while its Service %s", (_what, service) => {
    expect(look(service)).toMatchObject({ status: Status.DEPLOYING });
  });

  it.each([
    ["ContainerMissing", Substate.IMAGE_PULL_ERROR],
    ["ExitCode1", Substate.CRASH_LOOP],
    ["ExitCode137", Substate.OOM_KILLED],
    ["Unschedulable", Substate.SUBSTATE_UNSPECIFIED],
  ])("fails for the reason %s of its pods, and says whether something serves meanwhile", (reason, substate) => {
    const conditions = [
      { type: "Ready", status: "False" as const, reason: "ContainerFailed" },
      { type: "ContainerHealthy", status: "False" as const, reason },
    ];
    const first = look(observed(app, ready("False", "RevisionFailed")), revisionOf(0, conditions));
    expect(first).toMatchObject({ status: Status.FAILED, substate, message: `does not start (${reason})` });
    const status = { latestReadyRevisionName: "hello-00001" };
    const later = look(observed(app, ready("False", "RevisionFailed"), status), revisionOf(0, conditions));
    expect(later.message).toBe(`does not start (${reason}); the version before it still serves`);
  });

  it("says nothing of its own: a reason that is no single word is left out", () => {
    const service = observed(app, ready("False", "Container failed with: the password is 1234"));
    expect(look(service).message).toBe("does not start");
  });

  it("is stopped once it is not there any more", () => {
    const stopped = desired({ desiredState: Desired.STOPPED });
    expect(look(observed(app, ready("True")), revisionOf(1), stopped)).toMatchObject({ status: Status.PENDING });
    expect(look(undefined, undefined, stopped)).toMatchObject({ status: Status.STOPPED });
  });

  it("fails where the cluster does not take it, in at most 1024 characters", () => {
    expect(refusedState("x".repeat(2_000))).toMatchObject({ status: Status.FAILED, message: "x".repeat(1_024) });
  });
});
