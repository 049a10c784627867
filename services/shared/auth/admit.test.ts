import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CreateRunRequestSchema, RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { unavailable } from "../errors.ts";
import { recordingSink } from "../testing/audit.ts";
import { admitInTheNameOf } from "./admit.ts";
import type { Authorizer } from "./authorizer.ts";
import { builtinRoles, type Permission } from "./permissions.ts";

const author = { org: "acme", subject: "ann", kind: "user" as const };
const place = { org: "acme", project: "p", domain: "d" };
const asked = (org = "acme") => ({
  method: RunService.method.createRun,
  message: create(CreateRunRequestSchema, {
    id: { case: "runId", value: { ...place, org, name: "r1" } },
    task: { case: "triggerName", value: { ...place, taskName: "t", name: "nightly" } },
  }),
  requestId: "trigger:2026-01-01T00:00:00.000Z",
});
const holding =
  (permissions: readonly Permission[], project = "p"): Authorizer =>
  async () => ({ grants: [{ permissions, project, domain: "d" }] });

describe("what is done in somebody's name", () => {
  it("is allowed where the author's call would be, and recorded under their name", async () => {
    const { audit, kept } = recordingSink();
    const caller = await admitInTheNameOf({ authorize: holding(builtinRoles.contributor), audit }, author, asked());
    expect(caller).toMatchObject({ org: "acme", subject: "ann", kind: "user" });
    expect(kept).toEqual(["acme/ann allowed RunService/CreateRun p/d/r1, p/d/nightly"]);
  });

  it.each<[string, Authorizer, string]>([
    ["without the right", holding(builtinRoles.viewer), "acme"],
    ["with it in another place", holding(builtinRoles.contributor, "q"), "acme"],
    ["without a view of the trigger", holding(["create_flyte_executions"]), "acme"],
    ["naming another organisation", holding(builtinRoles.contributor), "globex"],
  ])("is denied %s, and that is recorded", async (_what, authorize, org) => {
    const { audit, kept } = recordingSink();
    const denied = admitInTheNameOf({ authorize, audit }, author, asked(org));
    await expect(denied).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect(kept).toEqual(["acme/ann denied RunService/CreateRun p/d/r1, p/d/nightly"]);
  });

  it("is not done while nobody can say, or while it cannot be recorded", async () => {
    const { audit, kept } = recordingSink();
    const unknown: Authorizer = async () => {
      throw unavailable("nobody answers");
    };
    const nobody = admitInTheNameOf({ authorize: unknown, audit }, author, asked());
    await expect(nobody).rejects.toMatchObject({ code: Code.Unavailable });
    expect(kept).toEqual([]);
    const lost = async () => {
      throw new Error("the disk is full");
    };
    const authorize = holding(builtinRoles.contributor);
    const unrecorded = admitInTheNameOf({ authorize, audit: lost }, author, asked());
    await expect(unrecorded).rejects.toMatchObject({ code: Code.Unavailable });
  });
});
